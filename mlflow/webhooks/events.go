package webhooks

import (
	"slices"
	"strings"
)

// Entity is what an event is about.
type Entity string

// Entities of MLflow's events.
const (
	EntityUnspecified Entity = "ENTITY_UNSPECIFIED"
	RegisteredModel   Entity = "REGISTERED_MODEL"
	ModelVersion      Entity = "MODEL_VERSION"
	ModelVersionTag   Entity = "MODEL_VERSION_TAG"
	ModelVersionAlias Entity = "MODEL_VERSION_ALIAS"
	Prompt            Entity = "PROMPT"
	PromptVersion     Entity = "PROMPT_VERSION"
	PromptTag         Entity = "PROMPT_TAG"
	PromptVersionTag  Entity = "PROMPT_VERSION_TAG"
	PromptAlias       Entity = "PROMPT_ALIAS"
	BudgetPolicy      Entity = "BUDGET_POLICY"
)

// Entities of events that MLflow does not have.
const (
	Run               Entity = "RUN"
	ModelVersionStage Entity = "MODEL_VERSION_STAGE"
)

// EnumNames returns the names by protobuf number.
func (Entity) EnumNames() []string {
	return append(names(mlflowEntities), string(Run), string(ModelVersionStage))
}

var mlflowEntities = []Entity{
	EntityUnspecified, RegisteredModel, ModelVersion, ModelVersionTag, ModelVersionAlias, Prompt, PromptVersion, PromptTag,
	PromptVersionTag, PromptAlias, BudgetPolicy,
}

// Action is what happened to an entity.
type Action string

// Actions of MLflow's events.
const (
	ActionUnspecified Action = "ACTION_UNSPECIFIED"
	Created           Action = "CREATED"
	Updated           Action = "UPDATED"
	Deleted           Action = "DELETED"
	Set               Action = "SET"
	Exceeded          Action = "EXCEEDED"
)

// Actions of events that MLflow does not have.
const (
	Finished Action = "FINISHED"
	Failed   Action = "FAILED"
	Killed   Action = "KILLED"
	Moved    Action = "MOVED"
)

// EnumNames returns the names by protobuf number.
func (Action) EnumNames() []string {
	return append(names(mlflowActions), string(Finished), string(Failed), string(Killed), string(Moved))
}

var mlflowActions = []Action{ActionUnspecified, Created, Updated, Deleted, Set, Exceeded}

func names[T ~string](list []T) (names []string) {
	for _, v := range list {
		names = append(names, string(v))
	}
	return names
}

// Event is a kind of event that a webhook is called for.
type Event struct {
	Entity Entity `json:"entity" required:"true"`
	Action Action `json:"action" required:"true"`
}

// String returns the event as "model_version.created".
func (e Event) String() string {
	return strings.ToLower(string(e.Entity)) + "." + strings.ToLower(string(e.Action))
}

// MLflowEvents are the events that MLflow has. The server never has an event of
// BudgetPolicy, because it has no gateway.
var MLflowEvents = []Event{
	{RegisteredModel, Created},
	{ModelVersion, Created},
	{ModelVersionTag, Set},
	{ModelVersionTag, Deleted},
	{ModelVersionAlias, Created},
	{ModelVersionAlias, Deleted},
	{Prompt, Created},
	{PromptVersion, Created},
	{PromptTag, Set},
	{PromptTag, Deleted},
	{PromptVersionTag, Set},
	{PromptVersionTag, Deleted},
	{PromptAlias, Created},
	{PromptAlias, Deleted},
	{BudgetPolicy, Exceeded},
}

// OwnEvents are the events that MLflow does not have.
var OwnEvents = []Event{
	{Run, Finished},
	{Run, Failed},
	{Run, Killed},
	{ModelVersionStage, Moved},
	{ModelVersionAlias, Moved},
	{PromptAlias, Moved},
}

// IsOwn reports whether an event is one of OwnEvents.
func (e Event) IsOwn() bool { return slices.Contains(OwnEvents, e) }

// Actions returns the actions of an entity in some events.
func Actions(events []Event, entity Entity) (actions []Action) {
	for _, e := range events {
		if e.Entity == entity {
			actions = append(actions, e.Action)
		}
	}
	return actions
}
