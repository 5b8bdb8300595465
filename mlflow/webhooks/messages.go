package webhooks

import "encoding/json"

// Status says whether a webhook is called.
type Status string

// Statuses of a webhook.
const (
	Active   Status = "ACTIVE"
	Disabled Status = "DISABLED"
)

// EnumNames returns the names by protobuf number.
func (Status) EnumNames() []string { return []string{"", string(Active), string(Disabled)} }

// Webhook is a URL that the server sends events to. Its secret is never returned. Times are
// in milliseconds since the epoch.
type Webhook struct {
	WebhookID   string  `json:"webhook_id"`
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	URL         string  `json:"url"`
	Events      []Event `json:"events,omitempty"`
	// OwnEvents are events that MLflow does not have. Its clients do not know their names, so
	// they are in a field of their own.
	OwnEvents            []Event `json:"millrace_events,omitempty"`
	Status               Status  `json:"status"`
	CreationTimestamp    int64   `json:"creation_timestamp"`
	LastUpdatedTimestamp int64   `json:"last_updated_timestamp"`
}

// CreateRequest creates a webhook. It needs at least one event. Status is Active by default.
// Deliveries are signed with Secret unless it is "".
type CreateRequest struct {
	Name        string  `json:"name" required:"true"`
	Description string  `json:"description,omitempty"`
	URL         string  `json:"url" required:"true"`
	Events      []Event `json:"events,omitempty"`
	OwnEvents   []Event `json:"millrace_events,omitempty"`
	Secret      string  `json:"secret,omitempty"`
	Status      Status  `json:"status,omitempty"`
}

// WebhookResponse has a webhook.
type WebhookResponse struct {
	Webhook *Webhook `json:"webhook"`
}

// IDRequest names a webhook.
type IDRequest struct {
	WebhookID string `json:"webhook_id" path:"webhook_id"`
}

// ListRequest requests a page of the webhooks, newest first. List leaves out webhooks that have
// OwnEvents alone, because clients of MLflow cannot read them, and ListAll has them, too.
// MaxResults is 1 to 1,000 and 100 by default.
type ListRequest struct {
	MaxResults *int32 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// ListResponse has a page of webhooks. NextPageToken is "" on the last page.
type ListResponse struct {
	Webhooks      []Webhook `json:"webhooks,omitempty"`
	NextPageToken string    `json:"next_page_token,omitempty"`
}

// UpdateRequest changes those fields of a webhook that it has. An empty name, URL or list of
// Events changes nothing, as in MLflow; an empty list of OwnEvents removes them.
type UpdateRequest struct {
	WebhookID   string   `json:"webhook_id" path:"webhook_id"`
	Name        string   `json:"name,omitempty"`
	Description *string  `json:"description,omitempty"`
	URL         string   `json:"url,omitempty"`
	Events      []Event  `json:"events,omitempty"`
	OwnEvents   *[]Event `json:"millrace_events,omitempty"`
	Secret      *string  `json:"secret,omitempty"`
	Status      Status   `json:"status,omitempty"`
}

// TestRequest requests that an example of an event be sent to a webhook, by default of its
// first event.
type TestRequest struct {
	WebhookID string `json:"webhook_id" path:"webhook_id"`
	Event     *Event `json:"event,omitempty"`
}

// TestResponse has the result of a test.
type TestResponse struct {
	Result *TestResult `json:"result"`
}

// TestResult is what the receiver answered, or why it could not be reached. The test is a
// success if the status is below 400.
type TestResult struct {
	Success        bool    `json:"success"`
	ResponseStatus *int32  `json:"response_status,omitempty"`
	ResponseBody   *string `json:"response_body,omitempty"`
	ErrorMessage   string  `json:"error_message,omitempty"`
}

// DeliveryState says how far a delivery is.
type DeliveryState string

// States of a delivery.
const (
	Pending   DeliveryState = "PENDING"
	Delivered DeliveryState = "DELIVERED"
	GivenUp   DeliveryState = "FAILED"
)

// EnumNames returns the names by protobuf number.
func (DeliveryState) EnumNames() []string {
	return []string{"", string(Pending), string(Delivered), string(GivenUp)}
}

// Delivery is an event that is sent to a webhook. Times are in milliseconds since the epoch,
// and 0 if there is none.
type Delivery struct {
	DeliveryID        string        `json:"delivery_id"`
	WebhookID         string        `json:"webhook_id"`
	Entity            Entity        `json:"entity"`
	Action            Action        `json:"action"`
	State             DeliveryState `json:"state"`
	CreationTimestamp int64         `json:"creation_timestamp"`
	// Attempts is how often the delivery was tried.
	Attempts int32 `json:"attempts"`
	// NextAttemptTimestamp is when a pending delivery is sent.
	NextAttemptTimestamp int64 `json:"next_attempt_timestamp,omitempty"`
	LastAttemptTimestamp int64 `json:"last_attempt_timestamp,omitempty"`
	// DurationMS is how long the last request took, in milliseconds.
	DurationMS int64 `json:"duration_ms,omitempty"`
	// ResponseStatus is the status of the last response, or 0 if there was none.
	ResponseStatus int32 `json:"response_status,omitempty"`
	// ErrorMessage says why the last request failed.
	ErrorMessage string `json:"error_message,omitempty"`
	// Body is what is sent. Lists leave it out.
	Body json.RawMessage `json:"body,omitempty"`
}

// DeliveriesRequest requests a page of the deliveries of a webhook, newest first, all or those
// in a state. MaxResults is 1 to 1,000 and 100 by default.
type DeliveriesRequest struct {
	WebhookID  string        `json:"webhook_id" path:"webhook_id"`
	State      DeliveryState `json:"state,omitempty"`
	MaxResults *int32        `json:"max_results,omitempty"`
	PageToken  string        `json:"page_token,omitempty"`
}

// DeliveriesResponse has a page of deliveries. NextPageToken is "" on the last page.
type DeliveriesResponse struct {
	Deliveries    []Delivery `json:"deliveries,omitempty"`
	NextPageToken string     `json:"next_page_token,omitempty"`
}

// DeliveryRequest names a delivery.
type DeliveryRequest struct {
	WebhookID  string `json:"webhook_id" path:"webhook_id"`
	DeliveryID string `json:"delivery_id" path:"delivery_id"`
}

// DeliveryResponse has a delivery with its body.
type DeliveryResponse struct {
	Delivery *Delivery `json:"delivery"`
}

// SettingsResponse says what the server accepts.
type SettingsResponse struct {
	// AllowedSchemes are those of URLs.
	AllowedSchemes []string `json:"allowed_schemes"`
	// Secrets is whether the server has a key that secrets are encrypted with.
	Secrets bool `json:"secrets"`
	// Events and OwnEvents are those that a webhook can have.
	Events    []Event `json:"events"`
	OwnEvents []Event `json:"millrace_events"`
}
