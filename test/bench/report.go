package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

type direction bool

const (
	lower  direction = false
	higher direction = true
)

// figure is a result and which direction is better.
type figure struct {
	name   string
	value  float64
	unit   string
	better direction
}

// row is a figure of all peers: medians of the rounds.
type row struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Better direction `json:"higher_is_better"`
	// Values is keyed by peer. A peer that cannot do what the figure measures has none.
	Values map[string]float64 `json:"values"`
}

// ratio returns how many times better Millrace is than a peer.
func (r *row) ratio(peer string) (ratio float64, ok bool) {
	other, ok := r.Values[peer]
	if ratio = r.Values[millrace] / other; r.Better == lower {
		ratio = 1 / ratio
	}
	return ratio, ok
}

// medians returns the rows of the rounds of all peers, in the order of the first peer.
func medians(rounds []map[string][]figure, peers []peer) []row {
	var rows []row
	for _, p := range peers {
		values := map[string][]float64{}
		for _, round := range rounds {
			for _, f := range round[p.name] {
				if !slices.ContainsFunc(rows, func(r row) bool { return r.Name == f.name }) {
					rows = append(rows, row{f.name, f.unit, f.better, map[string]float64{}})
				}
				values[f.name] = append(values[f.name], f.value)
			}
		}
		for i := range rows {
			if list := values[rows[i].Name]; list != nil {
				rows[i].Values[p.name] = median(list)
			}
		}
	}
	return rows
}

func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// report prints the rows with the ratio to each peer and the goals. earlier are the rows of another measurement, or
// nil; the last column compares the first ratio with the one of then.
func report(out io.Writer, peers []peer, rows, earlier []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\t")
	for _, p := range peers {
		fmt.Fprint(w, p.name, "\t")
	}
	for _, p := range peers[1:] {
		fmt.Fprintf(w, "to %s\t", p.name)
	}
	fmt.Fprint(w, "goal\t")
	if earlier != nil {
		fmt.Fprint(w, "earlier\t")
	}
	fmt.Fprintln(w)
	for i := range rows {
		r := &rows[i]
		fmt.Fprint(w, r.Name, "\t")
		for _, p := range peers {
			fmt.Fprint(w, cell(r.Values, p.name, " "+r.Unit), "\t")
		}
		for _, p := range peers[1:] {
			fmt.Fprint(w, ratioText(r, p.name), "\t")
		}
		fmt.Fprint(w, goalText(r), "\t")
		if earlier != nil {
			fmt.Fprint(w, earlierText(earlier, r, peers), "\t")
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func cell(values map[string]float64, peer, unit string) string {
	v, ok := values[peer]
	if !ok {
		return "-"
	}
	return short(v) + unit
}

func ratioText(r *row, peer string) string {
	ratio, ok := r.ratio(peer)
	if !ok {
		return "-"
	}
	return short(ratio) + "x"
}

// goalText returns the goals of a row, and whether each is met.
func goalText(r *row) string {
	var parts []string
	for _, g := range goals[r.Name] {
		got, ok := r.Values[millrace], true
		text := short(g.value) + " " + r.Unit
		better := r.Better
		if g.beside != "" {
			got, ok = r.ratio(g.beside)
			text, better = short(g.value)+"x "+g.beside, higher
		}
		switch {
		case !ok:
			continue
		case got == g.value, (got > g.value) == bool(better):
			text += " met"
		default:
			text += " missed"
		}
		parts = append(parts, text)
	}
	return cmp.Or(strings.Join(parts, ", "), "-")
}

// earlierText returns the first ratio of the same row in another measurement.
func earlierText(earlier []row, r *row, peers []peer) string {
	i := slices.IndexFunc(earlier, func(e row) bool { return e.Name == r.Name })
	if i < 0 || len(peers) < 2 {
		return "-"
	}
	return ratioText(&earlier[i], peers[1].name)
}

// readRows reads rows that writeRows wrote. It returns nil if name is "".
func readRows(name string) (rows []row, err error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return rows, json.Unmarshal(text, &rows)
}

// writeRows writes rows to a file unless name is "".
func writeRows(name string, rows []row) error {
	if name == "" {
		return nil
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// short formats a number with about three significant digits.
func short(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
