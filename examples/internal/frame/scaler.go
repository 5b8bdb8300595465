package frame

import (
	"errors"
	"fmt"
	"math"
)

// MinMaxScaler maps every column of a matrix to the range from 0 to 1, as scikit-learn's
// scaler does. Its fields are the smallest and the largest value of each column that it
// was fitted to. Save them with a model.
type MinMaxScaler struct {
	Min []float64 `json:"min"`
	Max []float64 `json:"max"`
}

// Fit determines the ranges of the columns of a matrix. It ignores missing values (NaN).
// It returns an error for a matrix without rows, with rows of different lengths, or with
// infinite values.
func (s *MinMaxScaler) Fit(matrix [][]float64) error {
	if len(matrix) == 0 {
		return errors.New("frame: the matrix to fit the scaler to has no rows")
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

// Transform returns the scaled matrix. Values outside the fitted range are mapped
// outside the range from 0 to 1. It returns an error for a row with another number of
// columns than the fitted matrix.
func (s *MinMaxScaler) Transform(matrix [][]float64) ([][]float64, error) {
	if len(s.Min) != len(s.Max) {
		return nil, fmt.Errorf("frame: the scaler has %d minima and %d maxima", len(s.Min), len(s.Max))
	}
	out := make([][]float64, len(matrix))
	for i, row := range matrix {
		if len(row) != len(s.Min) {
			return nil, fmt.Errorf("frame: row %d has %d columns, the scaler has %d", i, len(row), len(s.Min))
		}
		out[i] = make([]float64, len(row))
		for j, v := range row {
			scale := s.scale(j)
			// The conversions prevent the compiler from fusing the products with the
			// sum, so that each product is rounded as in scikit-learn.
			out[i][j] = float64(v*scale) - float64(s.Min[j]*scale)
		}
	}
	return out, nil
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// scale returns the factor for a column. It is 1 for a constant column, whose range is
// zero.
func (s *MinMaxScaler) scale(j int) float64 {
	if width := s.Max[j] - s.Min[j]; !(width < 10*epsilon) {
		return 1 / width
	}
	return 1
}
