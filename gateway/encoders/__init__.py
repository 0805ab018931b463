"""Card encoders: a worker each, one job at a time, exactly one result a job."""
