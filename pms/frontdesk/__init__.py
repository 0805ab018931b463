"""Front desk: stays, from check-in to check-out."""
