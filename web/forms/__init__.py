"""What people type, read into the words of the domain. No rule of lending lives here."""
