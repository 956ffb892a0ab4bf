"""The nouns and laws of the domain: pure, exact, free of IO."""
