package aws

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// supplier names the company that an account of AWS is known to belong to, by what
// the companies' own pages on connecting an account say; empty if it is not known.
// The list is short and never complete: an account that is not in it may be
// anybody's.
func supplier(account string) string {
	switch account {
	case "464622532012":
		return "Datadog"
	case "754728514883":
		return "New Relic"
	case "509560245411":
		return "Dynatrace"
	case "926226587429", "956882708938":
		return "Sumo Logic"
	case "008923505280":
		return "Grafana"
	case "956993596390":
		return "Vanta"
	case "269135526815":
		return "Drata"
	case "030157059230":
		return "Hyperproof"
	case "198361731867":
		return "Snyk"
	case "434813966438":
		return "Lacework"
	case "976280145156":
		return "Orca Security"
	case "761931097553", "263844535661":
		return "Sysdig"
	case "336818582268":
		return "Rapid7"
	case "012615275169":
		return "Tenable"
	case "340457201789":
		return "Upwind"
	case "612791702201":
		return "JupiterOne"
	case "834469178297":
		return "Fivetran"
	case "414351767826", "790110701330", "601306020600":
		return "Databricks"
	case "107630771604", "595280932656":
		return "Segment"
	case "218546966473":
		return "Stitch"
	case "341876425553":
		return "Census"
	case "324528010823":
		return "Hightouch"
	case "324880187172":
		return "Spacelift"
	case "913128560467":
		return "env0"
	case "857223745291", "825838939522":
		return "Tines"
	case "922761411349", "884866656237":
		return "Spot"
	case "165736516723":
		return "Cloudability"
	case "061190967865":
		return "CloudZero"
	default:
		return ""
	}
}

// suppliers names those that may take a role.
func suppliers(trusts []*inventory.Trust) string {
	var out []string
	for _, t := range trusts {
		if s := supplier(t.ExternalAccount); s != "" && t.External != inventory.False {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}
