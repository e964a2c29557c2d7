package inventory

import "fmt"

// A Tri is a fact that may be unknown. The zero Tri is unknown; in JSON it is
// left out (omitzero), the others are true and false.
type Tri int8

// The values of a Tri.
const (
	Unknown Tri = 0
	True    Tri = 1
	False   Tri = -1
)

// TriOf returns True or False.
func TriOf(b bool) Tri {
	if b {
		return True
	}
	return False
}

// Bool returns the value and whether it is known.
func (t Tri) Bool() (value, known bool) { return t == True, t != Unknown }

// String returns "true", "false" or "unknown".
func (t Tri) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	default:
		return "unknown"
	}
}

// MarshalJSON writes true, false or null.
func (t Tri) MarshalJSON() ([]byte, error) {
	if t == Unknown {
		return []byte("null"), nil
	}
	return []byte(t.String()), nil
}

// UnmarshalJSON reads true, false or null.
func (t *Tri) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true":
		*t = True
	case "false":
		*t = False
	case "null":
		*t = Unknown
	default:
		return fmt.Errorf("want true, false or null")
	}
	return nil
}
