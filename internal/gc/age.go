package gc

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// age is the format of MLflow's option --older-than.
var age = regexp.MustCompile(`^(?:([.\d]+)d)?(?:([.\d]+)h)?(?:([.\d]+)m)?(?:([.\d]+)s)?$`)

// ParseAge returns a time in the form 1d2h3m4s, whose numbers can have fractions. "" is 0.
func ParseAge(text string) (time.Duration, error) {
	m := age.FindStringSubmatch(text)
	failed := fmt.Errorf("'%s' is not a time; examples are 30d, 8h and 2d8h5m20s", text)
	if m == nil {
		return 0, failed
	}
	total := 0.0
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(m[i+1], 64)
		if err != nil {
			return 0, failed
		}
		total += n * float64(unit)
	}
	if total > 200*365*24*float64(time.Hour) { // A Duration has up to 292 years.
		return 0, failed
	}
	return time.Duration(total), nil
}
