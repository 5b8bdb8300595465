package mlflow

import "time"

// WithStallAfter sets the time without a response after which metrics go to the disk.
func WithStallAfter(d time.Duration) Option { return func(c *Client) { c.stallAfter = d } }
