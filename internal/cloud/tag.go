package cloud

import (
	"strings"
	"time"
	"unicode"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Tag is a key and value that people put on a resource: a tag of AWS or Azure, a
// label of Google Cloud.
type Tag struct{ Key, Value string }

// TagsOf returns tags as a record holds them; nil if there are none.
func TagsOf(tags []Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	out := make(map[string]string, min(len(tags), maxTags))
	for _, t := range tags {
		if t.Key != "" && len(out) < maxTags {
			out[inventory.Clip(t.Key, MaxText)] = inventory.Clip(t.Value, MaxText)
		}
	}
	return out
}

// TagValue returns the value of the first of some keys, in their order and whatever
// their case.
func TagValue(tags []Tag, keys ...string) (value string) {
	for _, k := range keys {
		for i := range tags {
			if strings.EqualFold(tags[i].Key, k) && tags[i].Value != "" {
				return tags[i].Value
			}
		}
	}
	return ""
}

// ReviewedAt reads when somebody certified what an identity may do from the tag
// reviewed_at: a date, or a time as in RFC 3339. Anything else is not known.
func ReviewedAt(tags []Tag) time.Time {
	v := strings.TrimSpace(TagValue(tags, "reviewed_at", "reviewed-at", "last_reviewed"))
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, v); err == nil {
			return inventory.Time(t)
		}
	}
	return time.Time{}
}

// EnvironmentOf returns the environment that tags name, in muster's words where
// it is one of those everybody has; empty is unknown.
func EnvironmentOf(tags ...[]Tag) string {
	for _, t := range tags {
		v := strings.TrimSpace(TagValue(t, "environment", "env", "stage"))
		switch strings.ToLower(v) {
		case "":
			continue
		case "prod", "prd", "production", "live":
			return "production"
		case "stage", "stg", "staging", "preprod", "pre-production":
			return "staging"
		case "dev", "development", "sandbox":
			return "development"
		case "test", "qa", "testing":
			return "test"
		}
		if strings.IndexFunc(v, unicode.IsControl) < 0 {
			return inventory.Clip(v, MaxName)
		}
	}
	return ""
}
