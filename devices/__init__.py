"""What devices say and how it is spelled on the wire. Pure: nothing here waits."""
