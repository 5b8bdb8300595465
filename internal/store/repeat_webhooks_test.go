package store_test

import (
	"context"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// fillWebhooks stores two webhooks with deliveries. It returns the ids of a webhook and of a
// delivery to it.
func fillWebhooks(t *testing.T, s *store.Store) (webhook, delivery string) {
	t.Helper()
	webhook = storetest.NewWebhook(t, s).WebhookID
	storetest.NewWebhook(t, s)
	for _, name := range []string{"hooked", "hooked too"} {
		in := &mlflow.CreateRegisteredModelRequest{Name: name}
		if _, err := s.CreateRegisteredModel(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteModelAlias(t.Context(), name, "a", registry.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := s.Deliveries(t.Context(), webhook, "", 1, "")
	if err != nil || len(list) != 1 {
		t.Fatalf("deliveries %v, %v", list, err)
	}
	return webhook, list[0].DeliveryID
}

// webhookReads calls the methods that read webhooks and their deliveries.
func webhookReads(webhook, delivery string) map[string]func(ctx context.Context, s *store.Store) (answer, error) {
	return map[string]func(ctx context.Context, s *store.Store) (answer, error){
		"Webhook": func(ctx context.Context, s *store.Store) (answer, error) {
			w, err := s.Webhook(ctx, webhook)
			return answer{w}, err
		},
		"ListWebhooks": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.ListWebhooks(ctx, true, 1, "")
			return answer{list, next}, err
		},
		"SecretOf": func(ctx context.Context, s *store.Store) (answer, error) {
			secret, err := s.SecretOf(ctx, webhook)
			return answer{secret}, err
		},
		"Secrets": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.Secrets(ctx)
			return answer{list}, err
		},
		"NextDelivery": func(ctx context.Context, s *store.Store) (answer, error) {
			due, err := s.NextDelivery(ctx)
			return answer{due}, err
		},
		"Deliveries": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.Deliveries(ctx, webhook, "", 1, "")
			return answer{list, next}, err
		},
		"Delivery": func(ctx context.Context, s *store.Store) (answer, error) {
			d, err := s.Delivery(ctx, webhook, delivery)
			return answer{d}, err
		},
	}
}
