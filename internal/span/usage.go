package span

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
)

// Usage is a number of tokens by kind. nil is unknown.
type Usage struct {
	Input, Output, Total, CacheRead, CacheCreation, CacheCreationAbove1h *int64
}

// Cost is the price of tokens in US dollars. nil is unknown.
type Cost struct {
	Input, Output, Total *float64
}

// Keys of the JSON objects, in the order in which MLflow writes them.
var (
	usageKeys = [...]string{
		"input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
		"cache_creation_input_tokens_above_1hr",
	}
	costKeys = [...]string{"input_cost", "output_cost", "total_cost"}
)

func (u *Usage) fields() [len(usageKeys)]**int64 {
	return [...]**int64{&u.Input, &u.Output, &u.Total, &u.CacheRead, &u.CacheCreation, &u.CacheCreationAbove1h}
}

func (c *Cost) fields() [len(costKeys)]**float64 {
	return [...]**float64{&c.Input, &c.Output, &c.Total}
}

// Values returns the numbers in the order in which MLflow writes them.
func (u *Usage) Values() []*int64 {
	return []*int64{u.Input, u.Output, u.Total, u.CacheRead, u.CacheCreation, u.CacheCreationAbove1h}
}

// Values returns the prices in the order in which MLflow writes them.
func (c *Cost) Values() []*float64 { return []*float64{c.Input, c.Output, c.Total} }

// IsZero reports whether nothing is known.
func (u Usage) IsZero() bool { return u == Usage{} }

// IsZero reports whether nothing is known.
func (c Cost) IsZero() bool { return c == Cost{} }

// JSON returns the object that MLflow has for the usage, or nil if nothing is known.
func (u Usage) JSON() *string {
	var parts []string
	for i, v := range u.Values() {
		if v != nil {
			parts = append(parts, `"`+usageKeys[i]+`": `+strconv.FormatInt(*v, 10))
		}
	}
	return object(parts)
}

// JSON returns the object that MLflow has for the cost, or nil if nothing is known.
func (c Cost) JSON() *string {
	var parts []string
	for i, v := range c.Values() {
		if v != nil {
			parts = append(parts, `"`+costKeys[i]+`": `+python.ReprFloat(*v))
		}
	}
	return object(parts)
}

func object(parts []string) *string {
	if parts == nil {
		return nil
	}
	text := "{" + strings.Join(parts, ", ") + "}"
	return &text
}

// ParseUsage reads the JSON object of a usage. Values that are not integers are unknown, and
// everything is unknown if the text is not an object.
func ParseUsage(text string) (u Usage) {
	values := numbers(text)
	for i, f := range u.fields() {
		if n, ok := new(big.Rat).SetString(values[usageKeys[i]].String()); ok && n.IsInt() && n.Num().IsInt64() {
			v := n.Num().Int64()
			*f = &v
		}
	}
	return u
}

// ParseCost reads the JSON object of a cost as [ParseUsage] does. Values that are not finite
// numbers are unknown.
func ParseCost(text string) (c Cost) {
	values := numbers(text)
	for i, f := range c.fields() {
		if v, err := strconv.ParseFloat(values[costKeys[i]].String(), 64); err == nil && !math.IsInf(v, 0) {
			*f = &v
		}
	}
	return c
}

// maxNumber is the most digits of a number. An exponent of a few digits would otherwise be a
// number of many megabytes.
const maxNumber = 40

// numbers returns the members of a JSON object that are numbers, or texts of numbers.
func numbers(text string) map[string]json.Number {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return nil
	}
	found := map[string]json.Number{}
	for key, raw := range members {
		number := Text(string(raw)) // Numbers may be texts.
		if number != "" && (number[0] == '-' || number[0] >= '0' && number[0] <= '9') && len(number) <= maxNumber &&
			!hugeExponent(number) {
			found[key] = json.Number(number)
		}
	}
	return found
}

// hugeExponent reports whether the exponent of a number has more than three digits.
func hugeExponent(number string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	return len(strings.TrimLeft(exponent, "+-")) > 3
}
