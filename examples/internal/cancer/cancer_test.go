package cancer

import (
	"encoding/csv"
	"testing"
)

func TestOpen(t *testing.T) {
	r, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, row := range rows {
		seen[row[len(row)-1]]++
	}
	if len(rows) != 570 || len(rows[0]) != 31 || seen["benign"] != 357 || seen["malignant"] != 212 || seen["diagnosis"] != 1 {
		t.Errorf("%d rows, %d columns, classes %v", len(rows), len(rows[0]), seen)
	}
}
