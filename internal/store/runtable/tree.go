package runtable

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// treeRun is a run of a tree. parent is "" or any id. context marks a run that is in the
// tree because of its descendants only.
type treeRun struct {
	id, parent string
	context    bool
}

// treeRow is a visible row of a tree: a run, or a group of runs.
type treeRow struct {
	id              string
	depth, children int
	open, context   bool
	group           *runGroup
}

// visibleRows returns the visible rows of the tree of some runs: each run is followed by
// its children if it is open, and siblings are in the order of runs. A run whose parent
// is not in the list is at the top, and so is the first run of a ring of parents.
func visibleRows(runs []treeRun, in *mlflow.RunTree) []treeRow {
	f := &forest{
		runs: runs, children: map[string][]int{}, placed: make([]bool, len(runs)), all: in.OpenAll,
		open: base.SetOf(in.Open), folded: base.SetOf(in.Folded),
	}
	known := make(map[string]bool, len(runs))
	for i := range runs {
		known[runs[i].id] = true
	}
	var tops []int
	for i, r := range runs {
		if r.parent == "" || r.parent == r.id || !known[r.parent] {
			tops = append(tops, i)
		}
		if r.parent != "" && r.parent != r.id {
			f.children[r.parent] = append(f.children[r.parent], i)
		}
	}
	if in.Under != "" {
		f.place(f.children[in.Under])
		return f.rows
	}
	f.place(tops)
	f.reach(tops)
	// What is not below a top belongs to a ring. Its first run becomes a top.
	for i := range runs {
		if !f.placed[i] {
			f.place([]int{i})
			f.reach([]int{i})
		}
	}
	return f.rows
}

// forest collects the rows of a tree. It has no recursion, so that the depth of a tree
// is not limited by the stack.
type forest struct {
	runs         []treeRun
	children     map[string][]int
	placed       []bool // runs that are below a run that was placed, visible or not
	all          bool
	open, folded map[string]bool
	rows         []treeRow
}

// place appends the rows of runs and of their visible descendants.
func (f *forest) place(list []int) {
	type step struct{ run, depth int }
	var stack []step
	push := func(list []int, depth int) {
		for _, i := range slices.Backward(list) {
			stack = append(stack, step{i, depth})
		}
	}
	shown := map[int]bool{}
	push(list, 0)
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if shown[s.run] {
			continue // A ring returns to where it began.
		}
		shown[s.run] = true
		r := f.runs[s.run]
		below := f.children[r.id]
		row := treeRow{id: r.id, depth: s.depth, children: len(below), context: r.context}
		row.open = len(below) > 0 && (f.all || r.context || f.open[r.id]) && !f.folded[r.id]
		f.rows = append(f.rows, row)
		if row.open {
			push(below, s.depth+1)
		}
	}
}

// reach marks runs and all of their descendants as placed.
func (f *forest) reach(list []int) {
	stack := slices.Clone(list)
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !f.placed[i] {
			f.placed[i] = true
			stack = append(stack, f.children[f.runs[i].id]...)
		}
	}
}
