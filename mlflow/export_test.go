package mlflow

import "time"

// WithStallAfter sets how long a request may go without an answer before metrics
// go to the disk.
func WithStallAfter(d time.Duration) Option { return func(c *Client) { c.stallAfter = d } }
