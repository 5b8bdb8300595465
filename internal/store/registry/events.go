package registry

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/mlflow"
	wire "github.com/millrace-ml/millrace/mlflow/webhooks"
)

// tagPromptText and tagPromptType are tags of the versions of prompts.
const (
	tagPromptText = "mlflow.prompt.text"
	tagPromptType = "_mlflow_prompt_type"
)

// fire queues an event about a model or a prompt, whichever has the name. An entity that is ""
// has no such event. data is called only if a webhook has one of the events.
func (t tx) fire(name string, action wire.Action, model, prompt wire.Entity, data func() *python.Dict) error {
	of := []wire.Event{{Entity: model, Action: action}, {Entity: prompt, Action: action}}
	return webhooks.Tx{Transaction: t.Transaction}.Fire(of, func() (wire.Event, *python.Dict, error) {
		isPrompt, err := t.isPrompt(name)
		if err != nil {
			return wire.Event{}, nil, err
		}
		if isPrompt {
			return of[1], data(), nil
		}
		return of[0], data(), nil
	})
}

// tagFields returns the tags of an event without some keys.
func tagFields(tags []mlflow.Tag, without ...string) *python.Dict {
	d := python.NewDict()
	for _, tag := range tags {
		if !slices.Contains(without, tag.Key) {
			d.Set(tag.Key, tag.Value)
		}
	}
	return d
}

func (t tx) fireModelCreated(in *mlflow.CreateRegisteredModelRequest) error {
	return t.fire(in.Name, wire.Created, wire.RegisteredModel, wire.Prompt, func() *python.Dict {
		var hidden []string
		if HasPromptTag(in.Tags) {
			hidden = []string{base.TagIsPrompt, tagPromptType}
		}
		return webhooks.Fields("name", in.Name, "tags", tagFields(in.Tags, hidden...), "description", in.Description)
	})
}

// fireVersionCreated queues the event of a version that is ready. A version is one of a prompt
// by its tags.
func (t tx) fireVersionCreated(v *mlflow.ModelVersion) error {
	ofModel := wire.Event{Entity: wire.ModelVersion, Action: wire.Created}
	ofPrompt := wire.Event{Entity: wire.PromptVersion, Action: wire.Created}
	of := []wire.Event{ofModel, ofPrompt}
	return webhooks.Tx{Transaction: t.Transaction}.Fire(of, func() (wire.Event, *python.Dict, error) {
		var description any
		if v.Description != nil {
			description = webhooks.OrNull(*v.Description)
		}
		if !HasPromptTag(v.Tags) {
			return ofModel, webhooks.Fields("name", v.Name, "version", v.Version, "source", v.Source,
				"run_id", webhooks.OrNull(v.RunID), "tags", tagFields(v.Tags), "description", description), nil
		}
		text := ""
		for _, tag := range v.Tags {
			if tag.Key == tagPromptText {
				text = tag.Value
			}
		}
		return ofPrompt, webhooks.Fields("name", v.Name, "version", v.Version, "template", text,
			"tags", tagFields(v.Tags, base.TagIsPrompt, tagPromptType, tagPromptText), "description", description), nil
	})
}

func (t tx) fireModelTagSet(name string, tag mlflow.Tag) error {
	return t.fire(name, wire.Set, "", wire.PromptTag, func() *python.Dict {
		return webhooks.Fields("name", name, "key", tag.Key, "value", tag.Value)
	})
}

func (t tx) fireModelTagDeleted(name, key string) error {
	return t.fire(name, wire.Deleted, "", wire.PromptTag, func() *python.Dict {
		return webhooks.Fields("name", name, "key", key)
	})
}

func (t tx) fireVersionTagSet(name string, number int64, tag mlflow.Tag) error {
	return t.fire(name, wire.Set, wire.ModelVersionTag, wire.PromptVersionTag, func() *python.Dict {
		return webhooks.Fields("name", name, "version", versionText(number), "key", tag.Key, "value", tag.Value)
	})
}

func (t tx) fireVersionTagDeleted(name string, number int64, key string) error {
	return t.fire(name, wire.Deleted, wire.ModelVersionTag, wire.PromptVersionTag, func() *python.Dict {
		return webhooks.Fields("name", name, "version", versionText(number), "key", key)
	})
}

// fireAliasSet queues the events of an alias that points to a version. from is the version
// before, or "". MLflow has an event each time an alias is set, and Millrace one when its version
// changes.
func (t tx) fireAliasSet(name, alias, from, to string, by Author) error {
	err := t.fire(name, wire.Created, wire.ModelVersionAlias, wire.PromptAlias, func() *python.Dict {
		return webhooks.Fields("name", name, "alias", alias, "version", to)
	})
	if err != nil || from == to {
		return err
	}
	return t.fire(name, wire.Moved, wire.ModelVersionAlias, wire.PromptAlias, func() *python.Dict {
		return webhooks.Fields("name", name, "alias", alias, "from_version", webhooks.OrNull(from), "to_version", to,
			"user", by.User, "comment", by.Comment)
	})
}

func (t tx) fireAliasDeleted(name, alias string) error {
	return t.fire(name, wire.Deleted, wire.ModelVersionAlias, wire.PromptAlias, func() *python.Dict {
		return webhooks.Fields("name", name, "alias", alias)
	})
}

func (t tx) fireStageMoved(name string, number int64, from, to string, by Author) error {
	if from == to {
		return nil
	}
	return t.fire(name, wire.Moved, wire.ModelVersionStage, wire.ModelVersionStage, func() *python.Dict {
		return webhooks.Fields("name", name, "version", versionText(number), "from_stage", from, "to_stage", to,
			"user", by.User, "comment", by.Comment)
	})
}
