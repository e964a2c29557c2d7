package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// activity asks Policy Analyzer when accounts and keys last signed in. A project
// without accounts, or without keys of users, is not asked.
func (s *site) activity(ctx context.Context) {
	accounts, keys := map[string]*object.Account{}, map[string]*object.AccountKey{}
	for i := range s.p.Accounts {
		a := &s.p.Accounts[i]
		accounts[a.Email] = a
		accounts[a.UniqueID] = a
		for j := range a.Keys {
			if a.Keys[j].Type != "SYSTEM_MANAGED" {
				keys[a.Keys[j].ID] = &a.Keys[j]
			}
		}
	}
	if len(accounts) > 0 {
		s.query(ctx, "serviceAccountLastAuthentication", "policyanalyzer.serviceAccountLastAuthenticationActivities.query", func(x convert.Activity) {
			if a := accounts[x.Account]; a != nil {
				a.LastAuthenticated, a.Used, a.ObservedFrom, a.ObservedTill = x.Last.Time, x.Used, x.From.Time, x.Till.Time
			}
		})
	}
	if len(keys) > 0 {
		s.query(ctx, "serviceAccountKeyLastAuthentication", "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", func(x convert.Activity) {
			if k := keys[x.Key]; k != nil {
				k.LastAuthenticated, k.Used, k.ObservedFrom, k.ObservedTill = x.Last.Time, x.Used, x.From.Time, x.Till.Time
			}
		})
	}
}

func (s *site) query(ctx context.Context, kind, call string, each func(convert.Activity)) {
	const id = "policyanalyzer.projects.locations.activityTypes.activities.query"
	in := wire.Values{"parent": "projects/" + s.p.ID + "/locations/global/activityTypes/" + kind}
	count, err := s.run.list(ctx, id, in, func(raw json.RawMessage) error {
		a, err := convert.ReadActivity(raw)
		each(a)
		return err
	})
	s.note(s.listing(call, count, err))
}

// insightKinds are those that are asked for, with the permission that each takes.
// Accounts are only judged in projects.
func insightKinds() [][2]string {
	return [][2]string{
		{"google.iam.policy.Insight", "recommender.iamPolicyInsights.list"},
		{"google.iam.serviceAccount.Insight", "recommender.iamServiceAccountInsights.list"},
	}
}

// manyInsights is how many requests folders and projects would take, if that is more
// than are made without being told to; 0 if it is not.
func (x *run) manyInsights() int {
	n := len(x.estate.Folders) + len(insightKinds())*len(x.sites)
	if x.options.AllInsights || n <= MaxInsights {
		return 0
	}
	return n
}

// fewInsights says that only organisations were asked about.
func (x *run) fewInsights() {
	n := x.manyInsights()
	if !x.options.Insights || n == 0 {
		return
	}
	for _, kind := range insightKinds() {
		x.above(object.Listing{Call: kind[1], Status: inventory.StatusSkipped, Reason: fmt.Sprintf(
			"folders and projects were not asked about: that takes %d requests, and without a support plan Recommender answers an organisation 100 a day (insights: true asks all the same)", n)})
	}
}

// insights asks Recommender what accounts do not use.
func (s *site) insights(ctx context.Context) {
	const id = "recommender.projects.locations.insightTypes.insights.list"
	for _, kind := range insightKinds() {
		in := wire.Values{"parent": "projects/" + s.p.ID + "/locations/global/insightTypes/" + kind[0]}
		count, err := s.run.list(ctx, id, in, func(raw json.RawMessage) error {
			i, err := convert.ReadInsight(raw)
			s.used = append(s.used, i)
			return err
		})
		s.note(s.listing(kind[1], count, err))
	}
}

// insights asks what is not used of the grants of an organisation or folder.
func (x *run) insights(ctx context.Context, place string) {
	id := "recommender.folders.locations.insightTypes.insights.list"
	if strings.HasPrefix(place, "organizations/") {
		id = "recommender.organizations.locations.insightTypes.insights.list"
	}
	kind := insightKinds()[0]
	count, err := x.list(ctx, id, wire.Values{"parent": place + "/locations/global/insightTypes/" + kind[0]}, func(raw json.RawMessage) error {
		i, err := convert.ReadInsight(raw)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.used = append(x.used, i)
		return err
	})
	x.above(x.listing(kind[1], place, count, err))
}

// unused turns what an insight says was used into what was not, once the role is
// known.
func unused(i convert.Insight, roles map[string]*object.Role) object.Insight {
	out := i.Insight
	role := roles[i.Role]
	if role == nil || !role.Known || out.Kind != insightKinds()[0][0] {
		out.Total = 0 // how many of them were not used cannot be told
		return out
	}
	for _, p := range role.Permissions {
		if _, was := slices.BinarySearch(i.Used, p); !was {
			out.Unused = append(out.Unused, p)
		}
	}
	if out.Total == 0 {
		out.Total = len(role.Permissions)
	}
	return out
}

// idle is what Recommender says of an account that Policy Analyzer was not asked
// about or could not tell: when it last signed in.
func idle(a *object.Account, i convert.Insight) {
	if a.Used != inventory.Unknown || i.Last.IsZero() {
		return
	}
	a.LastAuthenticated, a.Used, a.ObservedTill = i.Last.Time, inventory.True, i.At
}
