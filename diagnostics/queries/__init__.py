"""What the screens read. Every function needs an open organization context."""
