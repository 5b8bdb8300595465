package permit

import "github.com/millrace-ml/millrace/internal/access"

// Experiment returns the rule of an action on the experiment in the field ExperimentID.
func Experiment(a access.Action) Rule {
	return byField("experiment:"+a.String(), "ExperimentID", func(c *Checker, id string) error {
		return c.Experiment(id, a)
	})
}

// WholeExperiment is the rule of the deletion and the restoration of the experiment in
// the field ExperimentID.
var WholeExperiment = byField("experiment:whole", "ExperimentID", (*Checker).WholeExperiment)

// CreateIn returns the rule of the creation of a part of the experiment in the field
// ExperimentID.
func CreateIn(part access.Type) Rule {
	return byField(string(part)+":create", "ExperimentID", func(c *Checker, id string) error {
		return c.CreateIn(id, part)
	})
}

// CreateExperiment is the rule of the creation of an experiment.
var CreateExperiment = everyRequest("experiment:create", func(c *Checker) error {
	return c.Undenied(access.Experiment)
})

// Run returns the rule of an action on the run in the field RunID.
func Run(a access.Action) Rule {
	return byField("run:"+a.String(), "RunID", func(c *Checker, id string) error {
		return c.Run(id, a)
	})
}

// LoggedModel returns the rule of an action on the logged model in the field ModelID.
func LoggedModel(a access.Action) Rule {
	return byField("logged_model:"+a.String(), "ModelID", func(c *Checker, id string) error {
		return c.LoggedModel(id, a)
	})
}

// Trace returns the rule of an action on the trace in the field TraceID.
func Trace(a access.Action) Rule {
	return byField("trace:"+a.String(), "TraceID", func(c *Checker, id string) error {
		return c.Trace(id, a)
	})
}

// Dataset returns the rule of an action on the evaluation dataset in the field DatasetID.
func Dataset(a access.Action) Rule {
	return byField("dataset:"+a.String(), "DatasetID", func(c *Checker, id string) error {
		return c.Dataset(id, a)
	})
}

// LabelSchema returns the rule of an action on the experiment of the schema of labels in the
// field SchemaID.
func LabelSchema(a access.Action) Rule {
	return byField("label_schema:"+a.String(), "SchemaID", func(c *Checker, id string) error {
		return c.LabelSchema(id, a)
	})
}

// Model returns the rule of an action on the registered model or prompt in the field Name.
func Model(a access.Action) Rule {
	return byField("model:"+a.String(), "Name", func(c *Checker, name string) error {
		return c.Model(name, a)
	})
}

// WholeModel is the rule of the deletion of the registered model or prompt in the field
// Name.
var WholeModel = byField("model:whole", "Name", (*Checker).WholeModel)

// Alias returns the rule of an action on the aliases of the model in the field Name.
func Alias(a access.Action) Rule {
	return byField("alias:"+a.String(), "Name", func(c *Checker, name string) error {
		return c.Alias(name, a)
	})
}

// Version returns the rule of an action on a version of the model in the field Name.
func Version(a access.Action) Rule {
	return byField("version:"+a.String(), "Name", func(c *Checker, name string) error {
		return c.Version(name, a)
	})
}
