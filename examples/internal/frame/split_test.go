package frame

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
)

func TestMT19937(t *testing.T) {
	for seed, want := range readGolden(t).MT {
		g := newMT19937(seed)
		var draws, got []uint32
		for range 1500 {
			draws = append(draws, g.uint32())
		}
		for _, i := range []int{0, 1, 2, 623, 624, 1499} {
			got = append(got, draws[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: got %v, want %v", seed, got, want)
		}
	}
}

func TestTrainTestSplit(t *testing.T) {
	for _, c := range readGolden(t).Splits {
		train, test := TrainTestSplit(c.N, c.Size, c.Seed)
		if !slices.Equal(train, c.Train) || !slices.Equal(test, c.Test) {
			t.Errorf("%d rows, %v, seed %d: got %v and %v", c.N, c.Size, c.Seed, train, test)
		}
	}
	for _, size := range []float64{-1, 0, 1, 2, 0.999, math.NaN(), math.Inf(1)} {
		if train, test := TrainTestSplit(10, size, 1); train != nil || test != nil {
			t.Errorf("size %v: got %v and %v", size, train, test)
		}
	}
	if train, test := TrainTestSplit(-5, 0.5, 1); train != nil || test != nil {
		t.Errorf("-5 rows: got %v and %v", train, test)
	}
}

func TestScalerAsScikitLearn(t *testing.T) {
	g := readGolden(t)
	x, err := read(t, "cancer").Drop("diagnosis").Matrix()
	if err != nil {
		t.Fatal(err)
	}
	train, test := TrainTestSplit(len(x), 0.25, 101)
	var s MinMaxScaler
	if err := s.Fit(Take(x, train)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Transform(Take(x, test)[:3])
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, g.ScaledTest, 0)

	toy := [][]float64{{1, 5, math.NaN()}, {3, 5, 2}, {2.5, 5, 7}}
	if err := s.Fit(toy); err != nil {
		t.Fatal(err)
	}
	got, err = s.Transform(toy)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, g.ScaledToy, 0)
}

func TestScalerSurvivesJSON(t *testing.T) {
	s := MinMaxScaler{Min: []float64{0.1}, Max: []float64{0.3}}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got MinMaxScaler
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%s became %v (%v)", data, got, err)
	}
}

func TestScalerErrors(t *testing.T) {
	var s MinMaxScaler
	for name, m := range map[string][][]float64{
		"no rows":  nil,
		"ragged":   {{1, 2}, {3}},
		"infinite": {{1, math.Inf(-1)}},
	} {
		if err := s.Fit(m); err == nil {
			t.Errorf("%s: Fit succeeded", name)
		}
	}
	if _, err := s.Transform([][]float64{{1}}); err == nil {
		t.Error("Transform succeeds without Fit")
	}
	s.Min = []float64{1}
	if _, err := s.Transform([][]float64{{1}}); err == nil {
		t.Error("Transform succeeds without maxima")
	}
}
