"""Settings, validated once, unknown keys refused."""
