module github.com/millrace-ml/millrace/mlflow

go 1.26.0
