package frame

import (
	"errors"
	"fmt"
	"math"
)

// MinMaxScaler maps every column of a matrix to the range from 0 to 1, as
// scikit-learn's does. Its fields are the smallest and the largest value of each
// column that it was fitted to; they are all that must be saved with a model.
type MinMaxScaler struct {
	Min []float64 `json:"min"`
	Max []float64 `json:"max"`
}

// Fit learns the ranges of the columns of a matrix, rows x columns; missing values
// (NaN) are passed over. It fails for a matrix without rows, with rows of
// different lengths, or with infinite values.
func (s *MinMaxScaler) Fit(matrix [][]float64) error {
	if len(matrix) == 0 {
		return errors.New("frame: a scaler needs rows to fit to")
	}
	width := len(matrix[0])
	low, high := missing(width), missing(width)
	for i, row := range matrix {
		if len(row) != width {
			return fmt.Errorf("frame: row %d has %d columns, row 0 has %d", i, len(row), width)
		}
		for j, v := range row {
			if math.IsInf(v, 0) {
				return fmt.Errorf("frame: row %d, column %d is infinite", i, j)
			}
			if math.IsNaN(low[j]) {
				low[j], high[j] = v, v
			} else if !math.IsNaN(v) {
				low[j], high[j] = min(low[j], v), max(high[j], v)
			}
		}
	}
	s.Min, s.Max = low, high
	return nil
}

// Transform returns the matrix scaled; values outside the range that was fitted
// end up outside 0 to 1. It fails for a row that has not as many columns as the
// scaler was fitted to.
func (s *MinMaxScaler) Transform(matrix [][]float64) ([][]float64, error) {
	if len(s.Min) != len(s.Max) {
		return nil, fmt.Errorf("frame: a scaler of %d minima and %d maxima", len(s.Min), len(s.Max))
	}
	out := make([][]float64, len(matrix))
	for i, row := range matrix {
		if len(row) != len(s.Min) {
			return nil, fmt.Errorf("frame: row %d has %d columns, the scaler %d", i, len(row), len(s.Min))
		}
		out[i] = make([]float64, len(row))
		for j, v := range row {
			scale := s.scale(j)
			// Each product is rounded by itself, as in scikit-learn: the
			// conversions keep the compiler from fusing them with the sum.
			out[i][j] = float64(v*scale) - float64(s.Min[j]*scale)
		}
	}
	return out, nil
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// scale returns the factor for a column: 1 for a constant one, which has no range
// to divide by.
func (s *MinMaxScaler) scale(j int) float64 {
	if width := s.Max[j] - s.Min[j]; !(width < 10*epsilon) {
		return 1 / width
	}
	return 1
}
