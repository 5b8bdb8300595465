package webhooks

import "github.com/millrace-ml/millrace/mlflow/endpoint"

// Endpoints holds the routes. The client and the server share them, so that their types
// agree.
var Endpoints = endpoint.Set[EndpointSet]()

// EndpointSet lists the routes. Their tags have the method and the path.
type EndpointSet struct {
	Create endpoint.Endpoint[CreateRequest, WebhookResponse] `route:"POST 2.0/mlflow/webhooks"`
	List   endpoint.Endpoint[ListRequest, ListResponse]      `route:"GET 2.0/mlflow/webhooks"`
	Get    endpoint.Endpoint[IDRequest, WebhookResponse]     `route:"GET 2.0/mlflow/webhooks/{webhook_id}"`
	Update endpoint.Endpoint[UpdateRequest, WebhookResponse] `route:"PATCH 2.0/mlflow/webhooks/{webhook_id}"`
	Delete endpoint.Endpoint[IDRequest, endpoint.Empty]      `route:"DELETE 2.0/mlflow/webhooks/{webhook_id}"`
	Test   endpoint.Endpoint[TestRequest, TestResponse]      `route:"POST 2.0/mlflow/webhooks/{webhook_id}/test"`

	// Routes that MLflow does not have.
	ListAll    endpoint.Endpoint[ListRequest, ListResponse]             `route:"GET millrace/webhooks"`
	Deliveries endpoint.Endpoint[DeliveriesRequest, DeliveriesResponse] `route:"GET millrace/webhooks/{webhook_id}/deliveries"`
	Delivery   endpoint.Endpoint[DeliveryRequest, DeliveryResponse]     `route:"GET millrace/webhooks/{webhook_id}/deliveries/{delivery_id}"`
	Redeliver  endpoint.Endpoint[DeliveryRequest, DeliveryResponse]     `route:"POST millrace/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"`
	Settings   endpoint.Endpoint[endpoint.Empty, SettingsResponse]      `route:"GET millrace/webhooks/settings"`
}
