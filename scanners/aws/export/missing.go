package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// status says how much of a call the files have. Of a listing in pages it cannot
// be told whether one from the middle is missing, only whether the last one is.
func (l *listing) status() inventory.Status {
	switch {
	case l.denied && l.count == 0:
		return inventory.StatusDenied
	case l.trouble != "", l.pages > 0 && l.opened >= l.pages:
		return inventory.StatusPartial
	case l.pages == 0:
		return inventory.StatusSkipped
	}
	return inventory.StatusComplete
}

// finishListings says of each call what the files have of it, and what to run for
// what they lack.
func (a *account) finishListings(r *reader) {
	for k := range a.listings {
		if k.region != "" {
			a.named[k.region] = true
		}
	}
	for region, on := range a.regions {
		if on {
			a.named[region] = true
		}
	}
	for i := range r.calls.list {
		c := &r.calls.list[i]
		a.tellCall(c)
	}
	if len(a.regions) == 0 && a.files > 0 {
		a.Listings = append(a.Listings, object.Listing{
			Call: "ec2:DescribeRegions", Status: inventory.StatusSkipped,
			Reason: "no file says which regions the account uses" + have(sortedKeys(a.named)) + "; run: aws ec2 describe-regions --all-regions",
		})
	}
	a.tellKeys()
	slices.SortStableFunc(a.Listings, func(x, y object.Listing) int {
		return cmp.Or(cmp.Compare(x.Call, y.Call), cmp.Compare(x.Region, y.Region))
	})
}

// tellKeys says that keys have no id, without which a leaked one is not recognised.
func (a *account) tellKeys() {
	n := 0
	for i := range a.Users {
		for _, k := range a.Users[i].Keys {
			if k.ID == "" {
				n++
			}
		}
	}
	if n > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d access keys are known from the credential report only, which has no ids: a key that leaked is not recognised as one of them; run for each user: aws iam list-access-keys --user-name NAME", n))
	}
}

func have(regions []string) string {
	if len(regions) == 0 {
		return ""
	}
	return "; there are files of " + strings.Join(regions, ", ")
}

// tellCall adds the listings of one call: one for each region that is in use, if it
// is a regional one.
func (a *account) tellCall(c *call) {
	regions := []string{""}
	if c.regional {
		regions = sortedKeys(a.named)
		if len(regions) == 0 && c.need == always {
			regions = []string{""}
		}
		if a.listings[listingKey{c.action, ""}] != nil && !slices.Contains(regions, "") {
			regions = append(regions, "")
		}
	}
	var without []string
	for _, region := range regions {
		l := a.listings[listingKey{c.action, region}]
		if l == nil {
			without = append(without, region)
			continue
		}
		a.Listings = append(a.Listings, object.Listing{Call: c.action, Region: region, Count: l.count, Status: l.status(), Reason: a.reason(c, region, l)})
	}
	if a.misses(c) {
		a.tellMissing(c, without)
	}
	if c.need == each {
		a.tellEach(c)
	}
}

// tellMissing adds one listing for the regions of which no file has a call.
func (a *account) tellMissing(c *call, regions []string) {
	if len(regions) == 0 {
		return
	}
	l := object.Listing{Call: c.action, Region: regions[0], Status: inventory.StatusSkipped, Reason: a.reason(c, regions[0], &listing{})}
	if len(regions) > 1 {
		l.Region = ""
		list := strings.Join(regions[:min(len(regions), maxRegions)], ", ")
		if more := len(regions) - maxRegions; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		l.Reason = fmt.Sprintf("no file of %s; run in each: aws %s", list, c.command)
	}
	a.Listings = append(a.Listings, l)
}

// maxRegions bounds the regions that one reason names: the most that a partition has
// is 40 or so.
const maxRegions = 5

// misses reports whether a call of which there is no file leaves a gap. Those of
// Organizations do where some of its files are there; without any, that limits are
// not known is a note.
func (a *account) misses(c *call) bool {
	return c.need == always || c.need == organisation && a.org != nil
}

// reason says why a listing is not complete and what to do.
func (a *account) reason(c *call, region string, l *listing) string {
	run := "; run: aws " + c.command
	if c.regional && region != "" {
		run += " --region " + region
	}
	switch {
	case l.status() == inventory.StatusComplete:
		return ""
	case l.trouble != "":
		return l.trouble + run
	case l.opened > 0:
		return "the last page is missing" + run
	case a.files == 0:
		return "the directory has no file of this account"
	}
	return "no file" + run
}

// tellEach says how many objects lack the answer of a call that is asked about each
// of them.
func (a *account) tellEach(c *call) {
	lacks, of := a.lacks(c.after, c.action)
	if lacks == 0 {
		return
	}
	for i := range a.Listings {
		if l := &a.Listings[i]; l.Call == c.action && l.Status == inventory.StatusComplete {
			l.Status, l.Reason = inventory.StatusPartial, fmt.Sprintf("known of %d of %d; run for each: aws %s", of-lacks, of, c.command)
			return
		}
	}
	a.Listings = append(a.Listings, object.Listing{
		Call: c.action, Status: inventory.StatusSkipped, Reason: fmt.Sprintf("known of none of %d; run for each: aws %s", of, c.command),
	})
}

// lacks counts the objects of a kind that lack what a call tells of them.
func (a *account) lacks(kind, action string) (lacks, of int) {
	count := func(missing bool) {
		of++
		if missing {
			lacks++
		}
	}
	if strings.Contains(kind, ":") {
		return a.undescribed(kind, action)
	}
	switch kind {
	case "users":
		for i := range a.Users {
			count(!a.Users[i].KeysKnown)
		}
	case "providers":
		for i := range a.OIDC {
			count(a.OIDC[i].CreatedAt.IsZero() && len(a.OIDC[i].Clients) == 0)
		}
	case "secrets":
		for i := range a.Secrets {
			count(!a.Secrets[i].PolicyKnown)
		}
	case "keys", "rotating keys":
		for i := range a.Keys {
			k := &a.Keys[i]
			switch {
			case action == "kms:DescribeKey":
				count(k.State == "")
			case k.Manager == "AWS": // AWS rotates it, and nobody can change its policy
			case action == "kms:GetKeyPolicy":
				count(!k.PolicyKnown)
			case k.Origin != "EXTERNAL" && (k.Spec == "" || k.Spec == "SYMMETRIC_DEFAULT"):
				count(k.Rotation == inventory.Unknown)
			}
		}
	case "clusters":
		for i := range a.Clusters {
			c := &a.Clusters[i]
			if action == "eks:DescribeCluster" {
				count(c.CreatedAt.IsZero())
			} else { // the answer for a cluster without any does not name it
				count(a.listings[listingKey{action, c.Region}] == nil)
			}
		}
	}
	return lacks, of
}
