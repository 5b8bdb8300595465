package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// fillEvaluation stores two datasets, scorers and schemas of labels. It returns the ids of the
// first dataset and of the first schema.
func fillEvaluation(t *testing.T, s *store.Store) (dataset, schema string) {
	t.Helper()
	for i := range 2 {
		d, err := s.CreateDataset(t.Context(), "d", []mlflow.Tag{{Key: "k", Value: "v"}}, []int64{0})
		if err != nil {
			t.Fatal(err)
		}
		storetest.UpsertRecords(t, s, d.DatasetID, `[{"inputs": {"a": 1}}, {"inputs": {"a": 2}}]`)
		for range 2 {
			if _, _, err := s.RegisterScorer(t.Context(), 0, fmt.Sprint("s", i), "{}"); err != nil {
				t.Fatal(err)
			}
		}
		q, err := s.CreateLabelSchema(t.Context(), 0, &genai.LabelSchema{
			Name: fmt.Sprint("q", i), Type: genai.LabelFeedback, Input: &genai.LabelInput{Text: &genai.TextInput{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			dataset, schema = d.DatasetID, q.SchemaID
		}
	}
	// The first list adds the default question.
	if _, _, err := s.LabelSchemas(t.Context(), 0, 1, ""); err != nil {
		t.Fatal(err)
	}
	return dataset, schema
}

// evaluationReads calls the methods that read datasets, scorers and schemas of labels.
func evaluationReads(dataset, schema string) map[string]func(ctx context.Context, s *store.Store) (answer, error) {
	return map[string]func(ctx context.Context, s *store.Store) (answer, error){
		"EvaluationDataset": func(ctx context.Context, s *store.Store) (answer, error) {
			d, err := s.EvaluationDataset(ctx, dataset)
			return answer{d}, err
		},
		"SearchDatasets": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchDatasets(ctx, &evaluation.DatasetSearch{Limit: 1})
			return answer{list, next}, err
		},
		"ExperimentsOfDataset": func(ctx context.Context, s *store.Store) (answer, error) {
			ids, err := s.ExperimentsOfDataset(ctx, dataset)
			return answer{ids, "are the experiments"}, err
		},
		"Scorer": func(ctx context.Context, s *store.Store) (answer, error) {
			v, err := s.Scorer(ctx, 0, "s0", nil)
			return answer{v}, err
		},
		"ScorerVersions": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.ScorerVersions(ctx, 0, "s0")
			return answer{list}, err
		},
		"Scorers": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.Scorers(ctx, 0)
			return answer{list}, err
		},
		"ScorersOf": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.ScorersOf(ctx, nil)
			return answer{list}, err
		},
		"OnlineConfigs": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.OnlineConfigs(ctx, []string{"none"})
			return answer{list, "none"}, err
		},
		"LabelSchema": func(ctx context.Context, s *store.Store) (answer, error) {
			q, err := s.LabelSchema(ctx, schema)
			return answer{q}, err
		},
		"LabelSchemaNamed": func(ctx context.Context, s *store.Store) (answer, error) {
			q, err := s.LabelSchemaNamed(ctx, 0, "q0")
			return answer{q}, err
		},
		"LabelSchemas": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.LabelSchemas(ctx, 0, 2, "")
			return answer{list, next}, err
		},
		"ExperimentOfSchema": func(ctx context.Context, s *store.Store) (answer, error) {
			id, err := s.ExperimentOfSchema(ctx, schema)
			return answer{id, "is the experiment"}, err
		},
		"Records": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.Records(ctx, dataset, 1, "")
			return answer{list, next}, err
		},
	}
}

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
