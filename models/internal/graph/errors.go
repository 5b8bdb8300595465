package graph

import "github.com/millrace-ml/millrace/mlflow"

// Within adds the place where an error occurred to its message and keeps its code.
func Within(err error, place string) error {
	if e := mlflow.AsError(err); e != nil {
		return mlflow.Errorf(e.Code, "%s: %s", place, e.Message)
	}
	return err
}

// UnknownOperator returns the error for an operator that is not implemented.
func UnknownOperator(name string) error {
	return mlflow.Errorf(mlflow.NotImplemented,
		"the model uses operator %s, which Millrace cannot run; serve it with MLflow's pyfunc server", name)
}
