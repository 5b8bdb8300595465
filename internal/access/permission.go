// Package access decides what a user may do by the user's grants, with the rules of
// MLflow's basic-auth app. It reads no database: package accounts loads the grants.
package access

import "slices"

// Permission is a level of access to a resource, as a grant names it.
type Permission string

// The permissions. Each of READ, USE, EDIT and MANAGE includes the ones before it.
const (
	Read   Permission = "READ"
	Use    Permission = "USE"
	Edit   Permission = "EDIT"
	Manage Permission = "MANAGE"
	// Deny takes away what other grants on the same resource give.
	Deny Permission = "DENY"
	// NoPermissions is the default permission that gives nothing. MLflow refuses it
	// in a grant on a resource.
	NoPermissions Permission = "NO_PERMISSIONS"
)

// Permissions lists all permissions in the order of MLflow's messages.
var Permissions = []Permission{Read, Use, Edit, Manage, Deny, NoPermissions}

// Valid reports whether p is one of Permissions.
func (p Permission) Valid() bool { return slices.Contains(Permissions, p) }

// rank orders the positive permissions. It is 0 for the others.
func (p Permission) rank() int {
	switch p {
	case Read:
		return 1
	case Use:
		return 2
	case Edit:
		return 3
	case Manage:
		return 4
	default:
		return 0
	}
}

// Includes reports whether p permits an action.
func (p Permission) Includes(a Action) bool {
	if a == Undenied {
		return p != Deny
	}
	return p.rank() >= a.rank()
}

// Action is what a request does with a resource.
type Action uint8

// The actions.
const (
	ToRead Action = iota + 1
	ToUse
	ToUpdate
	ToDelete
	ToManage
	// Undenied is an action that everyone may do unless a grant denies it, such as the
	// creation of an experiment.
	Undenied
)

func (a Action) rank() int {
	switch a {
	case ToRead:
		return Read.rank()
	case ToUse:
		return Use.rank()
	case ToUpdate:
		return Edit.rank()
	default:
		return Manage.rank()
	}
}

func (a Action) String() string {
	return [...]string{"", "read", "use", "update", "delete", "manage", "undenied"}[a]
}

// Type is a type of resources.
type Type string

// The types of resources that have grants of their own. The pattern of a grant is the
// id or name of a resource, or Any.
const (
	Experiment             Type = "experiment"
	RegisteredModel        Type = "registered_model"
	Prompt                 Type = "prompt"
	Scorer                 Type = "scorer"
	GatewaySecret          Type = "gateway_secret"
	GatewayEndpoint        Type = "gateway_endpoint"
	GatewayModelDefinition Type = "gateway_model_definition"
	MCPServer              Type = "mcp_server"
)

// The types whose resources are parts of others. The pattern of a grant can only be Any.
const (
	Run                    Type = "run"
	Trace                  Type = "trace"
	Assessment             Type = "assessment"
	LoggedModel            Type = "logged_model"
	ReviewQueue            Type = "review_queue"
	RegisteredModelVersion Type = "registered_model_version"
	PromptVersion          Type = "prompt_version"
	ScorerVersion          Type = "scorer_version"
	MCPServerVersion       Type = "mcp_server_version"
	// Workspace stands for everything in a workspace.
	Workspace Type = "workspace"
)

// Types lists all types.
var Types = []Type{
	Experiment, RegisteredModel, Prompt, Scorer, GatewaySecret, GatewayEndpoint, GatewayModelDefinition, MCPServer,
	Run, Trace, Assessment, LoggedModel, ReviewQueue, RegisteredModelVersion, PromptVersion, ScorerVersion,
	MCPServerVersion, Workspace,
}

// Valid reports whether t is one of Types.
func (t Type) Valid() bool { return slices.Contains(Types, t) }

// OnlyAny reports whether a grant on the type must have the pattern Any.
func (t Type) OnlyAny() bool { return slices.Index(Types, t) >= slices.Index(Types, Run) }

// HasNames reports whether grants on the type can have a prefix of names as pattern.
func (t Type) HasNames() bool { return t == Experiment || t == RegisteredModel || t == Prompt }

// Any is the pattern of a grant on all resources of a type.
const Any = "*"
