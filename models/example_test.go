package models_test

import (
	"context"
	"fmt"
	"log"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// A folder that mlflow.onnx.save_model or mlflow.pytorch.save_model wrote is opened
// once and may then be run by any number of goroutines.
func ExampleOpen() {
	model, err := models.Open("testdata/mlflow_torch")
	if err != nil {
		log.Fatal(err)
	}
	for _, in := range model.Inputs() {
		fmt.Println(in.DType, in.Shape)
	}
	x, err := mlflow.NewTensor(make([]float32, 60), 2, 30)
	if err != nil {
		log.Fatal(err)
	}
	y, err := model.Predict(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.DType(), y.Shape)
	// Output:
	// float32 [-1 30]
	// float32 [2 1]
}
