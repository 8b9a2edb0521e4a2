"""What is a person's own: signing in, the profile, notices, the stream of news."""
