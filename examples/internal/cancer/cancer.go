// Package cancer contains the dataset Breast Cancer Wisconsin (Diagnostic): 569 tumours,
// 357 benign and 212 malignant. Each is described by thirty numbers that were measured
// on an image of its cells.
//
// The data are by W. Wolberg, O. Mangasarian, N. Street and W. Street, from the UCI
// Machine Learning Repository, https://doi.org/10.24432/C5DW2B, licensed under CC BY 4.0
// (https://creativecommons.org/licenses/by/4.0/). This is the copy that scikit-learn
// ships, with its column names. The only change is that the class is the last column and
// is written as benign or malignant.
package cancer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
)

//go:embed cancer_classification.csv.gz
var compressed []byte

// Open returns the data as CSV: a header with 31 names and 569 lines, each with thirty
// numbers and the text benign or malignant.
func Open() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(compressed))
}
