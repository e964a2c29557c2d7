package policy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The qualifiers of a condition on a key with several values.
const (
	forAnyValue  = "ForAnyValue"
	forAllValues = "ForAllValues"
)

// An operator compares a key with values (IAM User Guide, "IAM JSON policy
// elements: Condition operators").
type operator struct {
	name      string
	compare   comparison
	negated   bool
	wildcards bool
	fold      bool // letters in any case
}

type comparison uint8

const (
	byText comparison = iota
	byARN
	byNumber
	byDate
	byBool
	byBinary
	byAddress
	byNull
)

// operators lists all of them. Those of order have their sign in the name.
func operators() [27]operator {
	return [27]operator{
		{name: "StringEquals"},
		{name: "StringNotEquals", negated: true},
		{name: "StringEqualsIgnoreCase", fold: true},
		{name: "StringNotEqualsIgnoreCase", negated: true, fold: true},
		{name: "StringLike", wildcards: true},
		{name: "StringNotLike", negated: true, wildcards: true},
		{name: "NumericEquals", compare: byNumber},
		{name: "NumericNotEquals", compare: byNumber, negated: true},
		{name: "NumericLessThan", compare: byNumber},
		{name: "NumericLessThanEquals", compare: byNumber},
		{name: "NumericGreaterThan", compare: byNumber},
		{name: "NumericGreaterThanEquals", compare: byNumber},
		{name: "DateEquals", compare: byDate},
		{name: "DateNotEquals", compare: byDate, negated: true},
		{name: "DateLessThan", compare: byDate},
		{name: "DateLessThanEquals", compare: byDate},
		{name: "DateGreaterThan", compare: byDate},
		{name: "DateGreaterThanEquals", compare: byDate},
		{name: "Bool", compare: byBool},
		{name: "BinaryEquals", compare: byBinary},
		{name: "IpAddress", compare: byAddress},
		{name: "NotIpAddress", compare: byAddress, negated: true},
		{name: "ArnEquals", compare: byARN, wildcards: true},
		{name: "ArnLike", compare: byARN, wildcards: true},
		{name: "ArnNotEquals", compare: byARN, negated: true, wildcards: true},
		{name: "ArnNotLike", compare: byARN, negated: true, wildcards: true},
		{name: "Null", compare: byNull},
	}
}

// operatorNamed finds an operator by its name in any case.
func operatorNamed(name string) (operator, bool) {
	for _, o := range operators() {
		if strings.EqualFold(o.name, name) {
			return o, true
		}
	}
	return operator{}, false
}

// accepts reports whether the order of a value to a wanted one, less than zero
// for before, is what an operator asks for.
func (o *operator) accepts(order int) bool {
	switch {
	case strings.HasSuffix(o.name, "LessThan"):
		return order < 0
	case strings.HasSuffix(o.name, "LessThanEquals"):
		return order <= 0
	case strings.HasSuffix(o.name, "GreaterThan"):
		return order > 0
	case strings.HasSuffix(o.name, "GreaterThanEquals"):
		return order >= 0
	default:
		return order == 0
	}
}

// moment reads a date as a condition may have it: W3C's profile of ISO 8601 or
// seconds since 1970.
func moment(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", time.DateOnly, "2006-01"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > -1e11 && n < 1e12 {
		if len(s) == 4 { // a year
			if t, err := time.Parse("2006", s); err == nil {
				return t, true
			}
		}
		return time.UnixMilli(int64(n * 1000)), true
	}
	return time.Time{}, false
}

// network reads an address or a block of them.
func network(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// binary decodes base64.
func binary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}
