package server

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/webhooks"
	"github.com/millrace-ml/millrace/internal/webhook"
)

// openWebhooks makes the sender of webhooks. It logs which secrets it cannot read, so that an
// administrator learns at the start that the key is missing.
func (s *Server) openWebhooks(ctx context.Context) (*webhooks.Handlers, error) {
	c := s.config.Webhooks
	targets := &webhook.Targets{Schemes: c.Schemes, AllowPrivate: c.AllowPrivate, Allowed: c.AllowedNetworks}
	sender := webhook.NewSender(targets, c.Timeout)
	s.deliverer = &webhook.Deliverer{
		Store: s.store, Sender: sender, Key: c.Key, Queued: s.store.Queued(), Timeout: c.Timeout, Retries: c.Retries,
		Workers: c.Workers, Retention: c.LogRetention, Log: s.log,
		Registerer: s.registry,
	}
	secrets, err := s.store.Secrets(ctx)
	for _, secret := range secrets {
		if _, err := c.Key.Open(secret.Secret); err != nil {
			s.log.WarnContext(ctx, "the secret of a webhook cannot be read, so its events wait; "+
				"set MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "webhook", secret.Webhook, "error", err)
		}
	}
	return &webhooks.Handlers{Store: s.store, Targets: targets, Sender: sender, Key: c.Key, Timeout: c.Timeout}, err
}
