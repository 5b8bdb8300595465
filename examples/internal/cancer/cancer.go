// Package cancer carries the data set Breast Cancer Wisconsin (Diagnostic): 569
// tumours, each described by thirty numbers measured on an image of its cells,
// and found benign (357) or malignant (212).
//
// The data are by W. Wolberg, O. Mangasarian, N. Street and W. Street, from the
// UCI Machine Learning Repository, https://doi.org/10.24432/C5DW2B, licensed
// under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). This is the copy
// that scikit-learn ships, with its column names, changed only in that the class
// is the last column and is spelled out: diagnosis, benign or malignant.
package cancer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
)

//go:embed cancer_classification.csv.gz
var compressed []byte

// Open returns the data as CSV: a header of 31 names, then 569 lines of thirty
// numbers and the text benign or malignant.
func Open() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(compressed))
}
