package serving

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/millrace-ml/millrace/internal/httplimit"
)

// lastRequests is the time that current predictions have to complete.
const lastRequests = 25 * time.Second

// Serve serves predictions on address until ctx ends, and then completes the current
// ones. It calls ready with its URL when it listens.
func (s *Server) Serve(ctx context.Context, address string, ready func(url string)) error {
	defer s.tracer.close(context.WithoutCancel(ctx))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{ //nolint:gosec // Configure sets the timeouts.
		Handler:  s.Handler(),
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	httplimit.Configure(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if s.options.Source.Every > 0 {
		go s.follow(ctx, s.options.Source)
	}
	ready("http://" + listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	if delay := s.options.ShutdownDelay; delay > 0 { // Load balancers notice it by /readyz.
		s.log.InfoContext(ctx, "the server ends soon", "after", delay)
		time.Sleep(delay)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRequests)
	defer cancel()
	err = server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.WarnContext(ctx, "requests were ended that were still under way", "after", lastRequests)
		err = server.Close()
	}
	return err
}
