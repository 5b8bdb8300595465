package parquet

import (
	"fmt"
	"strings"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// Physical types.
const (
	kindBoolean = iota
	kindInt32
	kindInt64
	kindInt96
	kindFloat
	kindDouble
	kindBytes
	kindFixed
)

// Repetition types.
const (
	required = iota
	optional
	repeated
)

// meaning is what the values of a physical type stand for.
type meaning int

const (
	plain meaning = iota
	text
	enum
	decimal
	date
	timeOfDay
	timestamp
	signed
	unsigned
	jsonText
	bson
	uuid
	float16
	interval
	listGroup
	mapGroup
)

// element is a node of the schema.
type element struct {
	name       string
	kind       int32
	length     int32
	repetition int32
	children   int32
	meaning    meaning
	scale      int32
	precision  int32
	bits       int   // of an integer
	unit       int64 // nanoseconds of a unit of time
	utc        bool
}

func readElement(t *thrift) element {
	e := element{kind: -1}
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 4 && kind == thriftBinary:
			e.name = tabular.Cut(string(t.binary()))
		case id == 10 && kind == thriftStruct:
			readLogicalType(t, &e)
		case kind != thriftI32:
			t.skip(kind)
		default:
			e.setNumber(id, t.int32())
		}
	})
	return e
}

func (e *element) setNumber(id int16, v int32) {
	switch id {
	case 1:
		e.kind = v
	case 2:
		e.length = v
	case 3:
		e.repetition = v
	case 5:
		e.children = v
	case 6:
		e.setConverted(v)
	case 7:
		e.scale = v
	case 8:
		e.precision = v
	}
}

// Units of time in nanoseconds.
const (
	nano  = 1
	micro = 1000
	milli = 1000_000
)

// setConverted sets the meaning from a converted type, which files had before logical types.
func (e *element) setConverted(v int32) {
	if e.meaning != plain {
		return // The logical type is more precise.
	}
	switch v {
	case 0:
		e.meaning = text
	case 1, 2:
		e.meaning = mapGroup
	case 3:
		e.meaning = listGroup
	case 4:
		e.meaning = enum
	case 5:
		e.meaning = decimal
	case 6:
		e.meaning = date
	case 7, 8:
		e.meaning, e.unit, e.utc = timeOfDay, unitOf(v == 7), true
	case 9, 10:
		e.meaning, e.unit, e.utc = timestamp, unitOf(v == 9), true
	case 11, 12, 13, 14:
		e.meaning, e.bits = unsigned, 8<<(v-11)
	case 15, 16, 17, 18:
		e.meaning, e.bits = signed, 8<<(v-15)
	case 19:
		e.meaning = jsonText
	case 20:
		e.meaning = bson
	case 21:
		e.meaning = interval
	}
}

func unitOf(milliseconds bool) int64 {
	if milliseconds {
		return milli
	}
	return micro
}

// logicalTypes has the types by their field in the union of logical types.
var logicalTypes = map[int16]meaning{
	1: text, 2: mapGroup, 3: listGroup, 4: enum, 5: decimal, 6: date, 7: timeOfDay, 8: timestamp,
	10: signed, 12: jsonText, 13: bson, 14: uuid, 15: float16,
}

func readLogicalType(t *thrift, e *element) {
	t.structure(func(id int16, kind byte) {
		m, known := logicalTypes[id]
		if !known || kind != thriftStruct {
			t.skip(kind)
			return
		}
		e.meaning = m
		t.structure(func(id int16, kind byte) { e.setParameter(t, id, kind) })
	})
}

// setParameter reads a parameter of a logical type.
func (e *element) setParameter(t *thrift, id int16, kind byte) {
	isTime := e.meaning == timeOfDay || e.meaning == timestamp
	switch {
	case e.meaning == decimal && id == 1 && kind == thriftI32:
		e.scale = t.int32()
	case e.meaning == decimal && id == 2 && kind == thriftI32:
		e.precision = t.int32()
	case isTime && id == 1 && (kind == thriftTrue || kind == thriftFalse):
		e.utc = kind == thriftTrue
	case isTime && id == 2 && kind == thriftStruct:
		t.structure(func(unit int16, kind byte) {
			e.unit = map[int16]int64{1: milli, 2: micro, 3: nano}[unit]
			t.skip(kind)
		})
	case e.meaning == signed && id == 1 && kind == thriftByte:
		e.bits = int(t.byte())
	case e.meaning == signed && id == 2 && kind == thriftFalse:
		e.meaning = unsigned
	default:
		t.skip(kind)
	}
}

// leaf is a column. Its values have definition levels up to maxDef and repetition levels
// up to len(lists).
type leaf struct {
	element
	name   string
	maxDef int
	lists  []int // the definition levels of the lists that contain the value, from the outside
}

// leavesOf returns the columns of a schema, which is a tree in depth-first order.
func leavesOf(elements []element) ([]leaf, error) {
	if len(elements) == 0 || elements[0].children < 0 {
		return nil, errDamaged
	}
	w := &schemaWalk{rest: elements[1:]}
	for range elements[0].children {
		if err := w.node(nil, 0, nil, plain, 0); err != nil {
			return nil, err
		}
	}
	return w.leaves, nil
}

type schemaWalk struct {
	rest   []element
	leaves []leaf
}

// node adds the columns of the next node. The names of nodes that only say that a value is
// a list or a map are no part of the name of a column.
func (w *schemaWalk) node(names []string, def int, lists []int, parent meaning, depth int) error {
	if len(w.rest) == 0 {
		return errDamaged
	}
	if depth > maxDepth {
		return tabular.Invalid("The columns of the parquet file are nested more than %d levels deep.", maxDepth)
	}
	e := w.rest[0]
	w.rest = w.rest[1:]
	if e.repetition != required {
		def++
	}
	if e.repetition == repeated {
		lists = append(lists[:len(lists):len(lists)], def)
	}
	wrapper := e.repetition == repeated && (parent == listGroup || parent == mapGroup)
	inList := parent == listElement
	if !wrapper && !inList {
		names = append(names[:len(names):len(names)], e.name)
	}
	if e.children == 0 && e.kind >= 0 {
		if e.kind > kindFixed || e.kind == kindFixed && e.length <= 0 {
			return errDamaged
		}
		w.leaves = append(w.leaves, leaf{element: e, name: strings.Join(names, "."), maxDef: def, lists: lists})
		return nil
	}
	if e.children <= 0 {
		return errDamaged
	}
	below := e.meaning
	if wrapper && parent == listGroup && e.children == 1 && isListWrapper(e.name) {
		below = listElement
	}
	for range e.children {
		if err := w.node(names, def, lists, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// listElement is the meaning of the group around the element of a list, for its child.
const listElement meaning = -1

func isListWrapper(name string) bool { return name == "list" || name == "bag" }

var kindNames = [...]string{"bool", "int32", "int64", "timestamp", "float", "double", "bytes", "bytes"}

// typeName returns the name of the type of a column as programs with data frames call it.
func (l *leaf) typeName() string {
	name := l.valueType()
	for range l.lists {
		name = "list<" + name + ">"
	}
	return name
}

func (l *leaf) valueType() string {
	switch l.meaning {
	case text, enum:
		return "string"
	case jsonText:
		return "json"
	case decimal:
		return fmt.Sprintf("decimal(%d, %d)", l.precision, l.scale)
	case date:
		return "date"
	case timeOfDay:
		return "time"
	case timestamp:
		return "timestamp"
	case uuid:
		return "uuid"
	case float16:
		return "float16"
	case interval:
		return "interval"
	case signed:
		return fmt.Sprintf("int%d", l.bits)
	case unsigned:
		return fmt.Sprintf("uint%d", l.bits)
	}
	return kindNames[l.kind]
}

func (l *leaf) isNumeric() bool {
	if len(l.lists) > 0 {
		return false
	}
	switch l.meaning {
	case decimal, signed, unsigned, float16:
		return true
	case plain:
		return l.kind == kindInt32 || l.kind == kindInt64 || l.kind == kindFloat || l.kind == kindDouble
	}
	return false
}
