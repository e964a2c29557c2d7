package cloud

import (
	"strconv"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Attributes gathers the attributes of a record; empty values are left out.
type Attributes map[string]string

// Set sets a text of bounded length.
func (a Attributes) Set(name, value string) {
	if value != "" {
		a[name] = inventory.Clip(value, 4*MaxText)
	}
}

// Add sets what else is told of something, unless the name is taken.
func (a Attributes) Add(details map[string]string) {
	for k, v := range details {
		if _, taken := a[k]; !taken && k != "" {
			a.Set(inventory.Clip(k, MaxName), v)
		}
	}
}

// Yes sets true where something is so, and nothing where it is not.
func (a Attributes) Yes(name string, is bool) {
	if is {
		a[name] = "true"
	}
}

// Tri sets what is known to be so or not to be.
func (a Attributes) Tri(name string, t inventory.Tri) {
	if t != inventory.Unknown {
		a[name] = t.String()
	}
}

// Time sets a time as in RFC 3339, to the second.
func (a Attributes) Time(name string, t time.Time) {
	if t = inventory.Time(t); !t.IsZero() {
		a[name] = t.Format(time.RFC3339)
	}
}

// Count sets a number, but zero only if it is known that there are none.
func (a Attributes) Count(name string, n int, known bool) {
	if n > 0 || known {
		a[name] = strconv.Itoa(n)
	}
}
