package serving

import (
	"context"
	"time"

	"github.com/millrace-ml/millrace/models"
)

// Source finds and opens the versions of a model whose URI leads to different ones over time,
// such as models:/name@alias.
type Source struct {
	// Version returns the version that is to be served.
	Version func(ctx context.Context) (string, error)
	// Open opens a version.
	Open func(ctx context.Context, version string) (*models.Model, error)
	// Every is the time between two calls of Version.
	Every time.Duration
}

// retryAfter is the time after which a version that does not open is tried again.
const retryAfter = 5 * time.Minute

// follow serves the version that the source names, until ctx ends. It opens a version before
// it lets go of the one that is served, and keeps that one if the other does not open.
func (s *Server) follow(ctx context.Context, source Source) {
	failed, failedAt := "", time.Time{}
	ticker := time.NewTicker(source.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		version, err := source.Version(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.log.WarnContext(ctx, "the version of the model cannot be looked up", "error", err)
			}
			continue
		}
		if version == s.current.Load().version || version == failed && time.Since(failedAt) < retryAfter {
			continue
		}
		model, err := source.Open(ctx, version)
		if err != nil {
			if ctx.Err() == nil {
				failed, failedAt = version, time.Now()
				s.metrics.reloads.WithLabelValues("failed").Inc()
				s.log.ErrorContext(ctx, "a version of the model does not open; the one before is served",
					"version", version, "served", s.current.Load().version, "error", err)
			}
			continue
		}
		before := s.current.Load().version
		s.deploy(model, version)
		failed = ""
		s.metrics.reloads.WithLabelValues("ok").Inc()
		s.log.InfoContext(ctx, "another version of the model is served", "version", version, "before", before)
	}
}
