package webhooks

import (
	"context"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

func (h *Handlers) deliveries(
	ctx context.Context, in *webhooks.DeliveriesRequest,
) (*webhooks.DeliveriesResponse, error) {
	limit, err := pageLimit(in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.Deliveries(ctx, in.WebhookID, in.State, limit, in.PageToken)
	return &webhooks.DeliveriesResponse{Deliveries: list, NextPageToken: next}, err
}

func (h *Handlers) delivery(ctx context.Context, in *webhooks.DeliveryRequest) (*webhooks.DeliveryResponse, error) {
	d, err := h.Store.Delivery(ctx, in.WebhookID, in.DeliveryID)
	return &webhooks.DeliveryResponse{Delivery: d}, err
}

func (h *Handlers) redeliver(ctx context.Context, in *webhooks.DeliveryRequest) (*webhooks.DeliveryResponse, error) {
	d, err := h.Store.Redeliver(ctx, in.WebhookID, in.DeliveryID, h.Timeout)
	return &webhooks.DeliveryResponse{Delivery: d}, err
}

func (h *Handlers) settings(context.Context, *mlflow.Empty) (*webhooks.SettingsResponse, error) {
	return &webhooks.SettingsResponse{
		AllowedSchemes: h.Targets.Schemes, Secrets: h.Key.Known(), Events: webhooks.MLflowEvents,
		OwnEvents: webhooks.OwnEvents,
	}, nil
}
