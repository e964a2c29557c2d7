package paths

import (
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// chosen answers a question about a statement again if the answer hangs on
// nothing but what the caller picks: keys that picked tells.
// It makes up one request that meets the conditions of one of the statements that
// would allow it, and has all policies decide on that.
func (a *Analysis) chosen(n *node, q *question, d policy.Decision, picked func(key string) bool) policy.Decision {
	if d.Some != inventory.Unknown {
		return d
	}
	for i := range d.Because {
		r := &d.Because[i]
		if r.Layer != policy.IdentityLayer || r.Statement == nil || r.Statement.Deny || r.Holds != inventory.Unknown {
			continue
		}
		c, ok := request(a.context(q, a.keys.regions[0]), r.Statement, picked)
		if !ok {
			continue
		}
		asked, layers := a.prepare(n, q)
		asked.Context = c
		again := policy.Decide(&asked, &layers)
		if again.Some == inventory.True {
			return again
		}
	}
	return d
}

// request makes up values for the keys of a statement's conditions that the
// caller picks. It reports false if there are none, or one has a form that is not
// made up here.
func request(c *policy.Context, s *policy.Statement, picked func(key string) bool) (*policy.Context, bool) {
	out, some := c.Clone(), false
	for _, null := range []bool{true, false} { // whether a key is there comes before what it is
		for i := range s.Conditions {
			x := &s.Conditions[i]
			if strings.EqualFold(x.Operator, "Null") != null || !picked(x.Key) {
				continue
			}
			v, ok := meeting(x)
			switch {
			case !ok:
				return nil, false
			case null && strings.EqualFold(v, "true"):
				out.Absent(x.Key)
			case null:
				out.Set(x.Key, "x")
			default:
				out.Set(x.Key, v)
			}
			some = true
		}
	}
	return out, some
}

// picked reports whether a condition key is about the request or the resource,
// and not about who asks, from where and with what proof. Keys of services are,
// but those of tokens and of sessions.
func picked(key string) bool {
	prefix, name, _ := strings.Cut(key, ":")
	switch prefix {
	case "aws":
		return strings.HasPrefix(name, "requesttag/") || strings.HasPrefix(name, "resourcetag/") || name == "tagkeys"
	case "sts", "saml", "identitystore", "deadline", "codewhisperer", "q":
		return false
	default:
		return !strings.ContainsAny(prefix, "./")
	}
}

// tagging reports whether a condition key is about the tags that a request gives
// to something new.
func tagging(key string) bool {
	return strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys"
}

// meeting is a value that meets a condition.
func meeting(c *policy.Condition) (string, bool) {
	if len(c.Values) == 0 || strings.Contains(c.Values[0], "${") {
		return "", false
	}
	v, op := c.Values[0], strings.ToLower(c.Operator)
	switch {
	case strings.HasPrefix(op, "numeric"):
		return number(op, v)
	case strings.HasPrefix(op, "date"), strings.Contains(op, "ipaddress"), strings.HasPrefix(op, "binary"):
		return "", false
	case strings.HasPrefix(op, "arnnot"):
		return "arn:aws:x:x::x", true
	case strings.Contains(op, "not"):
		return "x", true
	case strings.HasSuffix(op, "like"), strings.HasPrefix(op, "arn"):
		return meant(v, "x", "x"), true
	default:
		return v, true
	}
}

// number is a number that meets a condition.
func number(op, v string) (string, bool) {
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil:
		return "", false
	case strings.HasSuffix(op, "equals") && !strings.Contains(op, "not"):
	case strings.Contains(op, "less"):
		n--
	default:
		n++
	}
	return strconv.FormatFloat(n, 'f', -1, 64), true
}
