"""Plays the payment provider: answers the SDK's calls inside our own process.

Nothing here knows the marketplace. It stands where the network would begin: the SDK hands its
HTTP requests to `client.SandboxClient` instead of a socket, and webhooks come back signed,
through our public address. Its rows live in a database of their own.
"""
