package object

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Merged says what a report had and lacked beside the users of an account.
type Merged struct {
	// Missing are the names of users of whom the report says nothing: newer than
	// it, made again under an old name, or left out. Their keys are not known from
	// it and can be listed one by one.
	Missing []string
	// Deleted are the names of users that only the report has and that were gone
	// when the account was listed.
	Deleted []string
	// Added are the names of users that only the report has and that may still be
	// there: the users were not listed in full, or it is not known which came first.
	Added []string
}

// MergeOptions say what is known of the two listings. Times are by the clock of
// AWS where it told them.
type MergeOptions struct {
	MadeAt   time.Time // when the report was made; zero is unknown
	ListedAt time.Time // when the users were listed; zero is unknown
	Complete bool      // whether all users were listed
}

// clockSlack is how far two clocks may be apart before it is told.
const clockSlack = 5 * time.Minute

// Merge puts what a report says into the users and the root user of an account. A
// user is known by its ARN and the time at which it was made, or, if it was
// renamed since, by that time alone. What was listed of a user counts more than
// what the report says, as that can be four hours old: keys with an id stay and
// get only their last use from it. Notes and ReportedAt of the account are set.
// The users' order is kept; those that only the report has come last.
func (a *Account) Merge(r *Report, o MergeOptions) Merged {
	a.ReportedAt = o.MadeAt
	if a.ReportedAt.IsZero() {
		a.ReportedAt = r.Newest
	}
	m := merger{account: a, report: r, opts: o, taken: map[int]bool{}}
	m.clocks()
	m.match()
	m.rest()
	return m.out
}

type merger struct {
	account *Account
	report  *Report
	opts    MergeOptions
	taken   map[int]bool // rows of the report, by index
	renamed []string
	out     Merged
}

func (m *merger) notef(format string, args ...any) {
	m.account.Notes = append(m.account.Notes, fmt.Sprintf(format, args...))
}

// clocks tells of times that cannot be.
func (m *merger) clocks() {
	made, listed := m.opts.MadeAt, m.opts.ListedAt
	if !made.IsZero() && m.report.Newest.After(made.Add(clockSlack)) {
		m.notef("the credential report is said to be made at %s and has later times in it, up to %s: one of the clocks is wrong", made.Format(time.RFC3339), m.report.Newest.Format(time.RFC3339))
	}
	if !made.IsZero() && !listed.IsZero() && made.After(listed.Add(clockSlack)) {
		m.notef("the credential report was made at %s, after the users were listed at %s: keys made or deleted in between differ, or one of the clocks is wrong", made.Format(time.RFC3339), listed.Format(time.RFC3339))
	}
}

// sameTime compares two times that IAM told, which it rounds to seconds.
func sameTime(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }

func (m *merger) match() {
	byARN, byTime := map[string]int{}, map[int64][]int{}
	for i := range m.report.Rows {
		row := &m.report.Rows[i]
		if row.Root {
			m.taken[i] = true
			m.root(row)
			continue
		}
		byARN[row.ARN] = i
	}
	var open []*User
	for i := range m.account.Users {
		u := &m.account.Users[i]
		at, ok := byARN[u.ARN]
		row := ReportRow{}
		if ok {
			row = m.report.Rows[at]
		}
		if !ok || !row.CreatedAt.IsZero() && !u.CreatedAt.IsZero() && !sameTime(row.CreatedAt, u.CreatedAt) {
			open = append(open, u) // unknown to the report, or made again under the name of one that it knows
			continue
		}
		m.taken[at] = true
		m.user(u, &row)
	}
	for i := range m.report.Rows {
		if row := &m.report.Rows[i]; !m.taken[i] && !row.CreatedAt.IsZero() {
			byTime[row.CreatedAt.Unix()] = append(byTime[row.CreatedAt.Unix()], i)
		}
	}
	m.rename(open, byTime)
}

// rename finds the rows of users that have another name or path by now: the only
// ones of their time on both sides.
func (m *merger) rename(open []*User, byTime map[int64][]int) {
	times := map[int64]int{}
	for _, u := range open {
		times[u.CreatedAt.Unix()]++
	}
	for _, u := range open {
		at := byTime[u.CreatedAt.Unix()]
		if u.CreatedAt.IsZero() || len(at) != 1 || times[u.CreatedAt.Unix()] != 1 {
			m.out.Missing = append(m.out.Missing, u.Name)
			continue
		}
		m.taken[at[0]] = true
		m.user(u, &m.report.Rows[at[0]])
		m.renamed = append(m.renamed, u.Name)
	}
}

// rest settles what only one side has.
func (m *merger) rest() {
	m.leftOut()
	if len(m.renamed) > 0 {
		m.notef("%s renamed or moved since the credential report was made", names(m.renamed))
	}
	gone := m.opts.Complete && !m.opts.MadeAt.IsZero() && !m.opts.ListedAt.IsZero() && !m.opts.MadeAt.After(m.opts.ListedAt)
	have := map[string]bool{}
	for i := range m.account.Users {
		have[m.account.Users[i].ARN] = true
	}
	for i := range m.report.Rows {
		if m.taken[i] {
			continue
		}
		row := &m.report.Rows[i]
		if gone {
			m.out.Deleted = append(m.out.Deleted, row.User)
			continue
		}
		if have[row.ARN] {
			continue // made again under the same name; one of the two is all that can be there
		}
		u := User{Name: row.User, ARN: row.ARN, Path: userPath(row.ARN), CreatedAt: row.CreatedAt}
		m.user(&u, row)
		m.account.Users = append(m.account.Users, u)
		m.out.Added = append(m.out.Added, row.User)
	}
	if len(m.out.Deleted) > 0 {
		m.notef("%s deleted since the credential report was made", names(m.out.Deleted))
	}
	if len(m.out.Added) > 0 {
		m.notef("%s known from the credential report only: policies and groups are not known", names(m.out.Added))
	}
}

// leftOut tells of users that the report should have and has not.
func (m *merger) leftOut() {
	var old []string
	made := map[string]time.Time{}
	for i := range m.account.Users {
		made[m.account.Users[i].Name] = m.account.Users[i].CreatedAt
	}
	for _, name := range m.out.Missing {
		if at := made[name]; !at.IsZero() && !m.account.ReportedAt.IsZero() && at.Before(m.account.ReportedAt.Add(-clockSlack)) {
			old = append(old, name)
		}
	}
	if len(old) > 0 {
		m.notef("%s missing from the credential report although older than it: it may be cut; what it would say of them is unknown", names(old))
	}
	if young := len(m.out.Missing) - len(old); young > 0 {
		m.notef("%d users made since the credential report: what it would say of them is unknown", young)
	}
}

// names lists some names for a sentence.
func names(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	const most = 5
	text := strings.Join(list[:min(len(list), most)], ", ")
	if len(list) > most {
		text += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return inventory.Printable(text)
}

func userPath(arn string) string {
	_, path, _ := strings.Cut(arn, ":user")
	return path[:strings.LastIndex(path, "/")+1]
}

// user fills in one user.
func (m *merger) user(u *User, row *ReportRow) {
	u.Password = cmp.Or(u.Password, row.Password)
	u.MFA = cmp.Or(u.MFA, row.MFA)
	u.PasswordUse = cmp.Or(u.PasswordUse, row.PasswordUse)
	u.PasswordLastUsed = later(u.PasswordLastUsed, row.PasswordLastUsed)
	if !u.PasswordLastUsed.IsZero() {
		u.PasswordUse = inventory.True
	}
	u.PasswordChanged = later(u.PasswordChanged, row.PasswordChanged)
	if u.CreatedAt.IsZero() {
		u.CreatedAt = row.CreatedAt
	}
	if len(u.Signing) == 0 {
		u.Signing = slices.Clone(row.Signing)
	}
	if u.KeysKnown || slices.ContainsFunc(u.Keys, func(k AccessKey) bool { return k.ID != "" }) {
		JoinKeys(u.Keys, row.Keys)
		return
	}
	u.Keys = slices.Clone(row.Keys)
	u.KeysKnown = !row.Unclear
	if row.More {
		m.notef("%s has more keys or certificates than the credential report lists", names([]string{u.Name}))
	}
}

// JoinKeys adds slots and uses of the report to listed keys, which it knows by the
// time at which they were made, where that tells one from the other.
func JoinKeys(keys, rows []AccessKey) {
	for i := range keys {
		k := &keys[i]
		same := func(list []AccessKey) (n int, last AccessKey) {
			for _, x := range list {
				if !k.CreatedAt.IsZero() && sameTime(x.CreatedAt, k.CreatedAt) {
					n, last = n+1, x
				}
			}
			return n, last
		}
		n, row := same(rows)
		if own, _ := same(keys); n != 1 || own != 1 {
			continue
		}
		k.Slot = row.Slot
		k.Active = cmp.Or(k.Active, row.Active)
		if row.LastUsed.After(k.LastUsed) {
			k.LastUsed, k.LastRegion, k.LastCause = row.LastUsed, row.LastRegion, row.LastCause
			k.Used = inventory.True
		}
		k.Used = cmp.Or(k.Used, row.Used)
	}
}

// root fills in what is not known of the root user.
func (m *merger) root(row *ReportRow) {
	if m.account.Root == nil {
		m.account.Root = &Root{AccessKeys: -1}
	}
	r := m.account.Root
	r.MFA = cmp.Or(r.MFA, row.MFA)
	r.PasswordEnabled = cmp.Or(r.PasswordEnabled, row.Password)
	r.PasswordLastUsed = later(r.PasswordLastUsed, row.PasswordLastUsed)
	r.Keys = slices.Clone(row.Keys)
	r.Certificates = len(row.Signing)
	if r.AccessKeys >= 0 || row.Unclear {
		return
	}
	r.AccessKeys = 0
	for _, k := range row.Keys {
		if k.Active == inventory.Unknown {
			r.AccessKeys = -1
			return
		}
		if k.Active == inventory.True {
			r.AccessKeys++
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
