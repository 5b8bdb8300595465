package cpu

import (
	"github.com/gomlx/compute"

	"github.com/millrace-ml/millrace/gomlx/internal/batchnorm"
)

// The Go backend has no batch normalization. These methods record the simpler operations that it consists of. Kernels
// exist for all of these.

// BatchNormForInference normalizes x with a given mean and variance.
func (f *Function) BatchNormForInference(
	x, scale, offset, mean, variance compute.Value, epsilon float32, featureAxis int,
) (compute.Value, error) {
	return batchnorm.Inference(f, x, scale, offset, mean, variance, epsilon, featureAxis)
}

// BatchNormForTraining normalizes x with its own mean and variance and returns these as well.
func (f *Function) BatchNormForTraining(
	x, scale, offset compute.Value, epsilon float32, featureAxis int,
) (normalized, mean, variance compute.Value, err error) {
	return batchnorm.Training(f, x, scale, offset, epsilon, featureAxis)
}

// BatchNormGradient returns the gradients of BatchNormForTraining with respect to x, scale and offset.
func (f *Function) BatchNormGradient(
	x, scale, mean, variance, gradOutput compute.Value, epsilon float32, featureAxis int,
) (gradX, gradScale, gradOffset compute.Value, err error) {
	return batchnorm.Gradient(f, x, scale, mean, variance, gradOutput, epsilon, featureAxis)
}
