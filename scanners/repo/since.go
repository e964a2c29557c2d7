package repo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// errSince says that a text is neither a time nor a revision.
var errSince = errors.New("this is no date such as 2026-11-01, no age such as \"2 weeks ago\", and no revision of this repository")

// sinceArgs returns the arguments of git log for a time or a revision to begin
// after. git itself takes any text for a time, and one that it does not
// understand for now, so that a slip of the finger would leave nothing to scan
// and look like a pass.
func sinceArgs(ctx context.Context, repo *git.Repo, text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		text += "T00:00:00Z" // git would take the present time of that day
	}
	if isTime(text) {
		return []string{"--since=" + text}, nil
	}
	id, ok, err := repo.Resolve(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", git.Clean(text), err)
	}
	if !ok {
		return nil, fmt.Errorf("since %q: %w", git.Clean(text), errSince)
	}
	return []string{"^" + id.String()}, nil
}

// isTime reports whether a text is a point in time for git log --since: a date,
// a date with a time, or an age.
func isTime(text string) bool {
	for _, layout := range []string{
		time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05 -0700",
	} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	age := regexp.MustCompile(`^([0-9]+[ .](second|minute|hour|day|week|month|year)s?([ .]ago)?|yesterday)$`)
	return age.MatchString(text)
}
