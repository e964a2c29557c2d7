package cli

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/config"
)

// An accountKey is a flag about what a cloud calls an account, and the key of the
// scanner's configuration that it sets.
type accountKey struct {
	flag, key string
	list      []string // what it was given
	text      string
}

// accountKeys are the flags about accounts that a cloud's scanner takes: accounts of
// AWS, projects of Google Cloud, subscriptions of Azure.
func (s *setting) accountKeys(scanner string) []accountKey {
	names := map[string]string{"aws": "accounts", "gcp": "projects", "azure": "subscriptions"}[scanner]
	if names == "" {
		return nil
	}
	out := []accountKey{
		{"--accounts", names, s.accounts, ""}, {"--exclude-accounts", "exclude_" + names, s.noAccounts, ""}, {"--resume", "resume", nil, s.resume},
	}
	if scanner == "aws" {
		out = append(out, accountKey{"--regions", "regions", s.regions, ""}, accountKey{"--exclude-regions", "exclude_regions", s.noRegions, ""})
	}
	return slices.DeleteFunc(out, func(k accountKey) bool { return len(k.list) == 0 && k.text == "" })
}

// accountClouds are the scanners that read accounts, in the order in which they are named.
func accountClouds() []string { return []string{"aws", "gcp", "azure"} }

// accountOverlay is what the flags set in the configuration of a cloud's scanner.
func (s *setting) accountOverlay(scanner string) config.Overlay {
	o := config.Overlay{}
	for _, k := range s.accountKeys(scanner) {
		if o[k.key] = k.text; k.text == "" {
			o[k.key] = k.list
		}
	}
	return o
}

// checkAccounts refuses flags about accounts that no source takes, or that several
// clouds would take each in its own way. Count is the number of sources by scanner.
func (s *setting) checkAccounts(count map[string]int) error {
	named := slices.DeleteFunc(accountClouds(), func(c string) bool { return count[c] == 0 })
	for _, k := range s.accountKeys("aws") { // it takes all of them
		takes := slices.DeleteFunc(slices.Clone(named), func(c string) bool {
			return !slices.ContainsFunc(s.accountKeys(c), func(x accountKey) bool { return x.flag == k.flag })
		})
		switch {
		case len(takes) == 0 && k.text == "" && strings.HasSuffix(k.flag, "regions"):
			return usage("%s is about accounts of AWS that are read, and no source is aws", k.flag)
		case len(takes) == 0:
			return usage("%s is about accounts of AWS, projects of Google Cloud or subscriptions of Azure that are read, and no source is aws, gcp or azure", k.flag)
		case len(takes) > 1 && k.text == "":
			return usage("%s would narrow %s alike: say what of each in muster.yaml, or scan one after the other", k.flag, strings.Join(takes, " and "))
		}
	}
	return nil
}
