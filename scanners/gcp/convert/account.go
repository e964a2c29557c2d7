package convert

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Account converts a ServiceAccount of IAM, and returns the project that it is in:
// its id, or its number.
func Account(raw []byte) (a object.Account, project string, err error) {
	var v struct {
		Name, Email, UniqueID, Oauth2ClientID, ProjectID, DisplayName, Description string
		Disabled                                                                   bool
	}
	err = read(raw, &v)
	a = object.Account{
		Email: cmp.Or(v.Email, email(Part(v.Name, "serviceAccounts"))), UniqueID: v.UniqueID, ClientID: v.Oauth2ClientID,
		Name: v.DisplayName, Description: v.Description, Disabled: disabled(v.Disabled),
	}
	a.Managed = Managed(a.Email)
	return a, cmp.Or(v.ProjectID, known(Part(v.Name, "projects"))), err
}

// email is the text if it is an e-mail address.
func email(text string) string {
	if strings.Contains(text, "@") {
		return text
	}
	return ""
}

// known is a project in a name, unless it is the wildcard.
func known(project string) string {
	if project == "-" {
		return ""
	}
	return project
}

// Managed tells who made a service account by its address: google for a service
// agent of Google's, default for those that Google makes in a project for its
// workloads, empty for one that people made (IAM documentation, "Types of service
// accounts" and "Service agents").
func Managed(address string) string {
	name, domain, _ := strings.Cut(address, "@")
	switch {
	case domain == "developer.gserviceaccount.com" && strings.HasSuffix(name, "-compute"), domain == "appspot.gserviceaccount.com", domain == "cloudbuild.gserviceaccount.com":
		return "default"
	case domain == "cloudservices.gserviceaccount.com":
		return "google"
	case strings.HasPrefix(name, "service-") && digits(strings.TrimPrefix(name, "service-")) && strings.HasSuffix(domain, ".iam.gserviceaccount.com"):
		return "google"
	}
	return ""
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// AccountKey converts a ServiceAccountKey of IAM, without its private part, and
// returns the account that it is of: its address, or its unique id.
func AccountKey(raw []byte) (k object.AccountKey, account, project string, err error) {
	var v struct {
		Name, KeyType, KeyOrigin, KeyAlgorithm, DisableReason string
		Disabled                                              bool
		ValidAfterTime, ValidBeforeTime                       Moment
		ExtendedStatus                                        []struct{ Key, Value string }
	}
	err = read(raw, &v)
	k = object.AccountKey{
		ID: Part(v.Name, "keys"), Type: v.KeyType, Origin: v.KeyOrigin, Algorithm: v.KeyAlgorithm, Disabled: disabled(v.Disabled),
		DisableReason: strings.TrimPrefix(v.DisableReason, "SERVICE_ACCOUNT_KEY_DISABLE_REASON_"), ValidAfter: v.ValidAfterTime.Time,
	}
	for _, s := range v.ExtendedStatus {
		key := strings.TrimPrefix(s.Key, "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_")
		k.Extended = append(k.Extended, strings.TrimSuffix(key+": "+s.Value, ": "))
	}
	if k.NeverExpires = v.ValidBeforeTime.never(); !k.NeverExpires {
		k.ValidBefore = v.ValidBeforeTime.Time
	}
	return k, Part(v.Name, "serviceAccounts"), known(Part(v.Name, "projects")), err
}

// APIKey converts a Key of API Keys, without the key string, and returns the number
// or id of its project.
func APIKey(raw []byte) (k object.APIKey, project string, err error) {
	var v struct {
		Name, UID, DisplayName, ServiceAccountEmail string
		CreateTime, UpdateTime, DeleteTime          Moment
		Labels                                      labels
		Annotations                                 labels
		Restrictions                                struct {
			APITargets             []struct{ Service string }
			BrowserKeyRestrictions *struct{ AllowedReferrers []string }
			ServerKeyRestrictions  *struct{ AllowedIps []string }
			IosKeyRestrictions     *struct{ AllowedBundleIDs []string }

			AndroidKeyRestrictions *struct {
				AllowedApplications []struct{ PackageName string }
			}
		}
	}
	err = read(raw, &v)
	k = object.APIKey{
		Name: v.Name, UID: v.UID, DisplayName: v.DisplayName, Account: v.ServiceAccountEmail,
		CreatedAt: v.CreateTime.Time, UpdatedAt: v.UpdateTime.Time, DeletedAt: v.DeleteTime.Time, Labels: slices.Concat(v.Labels, v.Annotations),
	}
	for _, t := range v.Restrictions.APITargets {
		k.Services = append(k.Services, t.Service)
	}
	switch r := v.Restrictions; {
	case r.BrowserKeyRestrictions != nil:
		k.Restriction, k.Allowed = "browser", r.BrowserKeyRestrictions.AllowedReferrers
	case r.ServerKeyRestrictions != nil:
		k.Restriction, k.Allowed = "server", r.ServerKeyRestrictions.AllowedIps
	case r.IosKeyRestrictions != nil:
		k.Restriction, k.Allowed = "ios", r.IosKeyRestrictions.AllowedBundleIDs
	case r.AndroidKeyRestrictions != nil:
		k.Restriction = "android"
		for _, a := range r.AndroidKeyRestrictions.AllowedApplications {
			k.Allowed = append(k.Allowed, a.PackageName)
		}
	}
	return k, known(Part(v.Name, "projects")), err
}

// HMACKey converts an HmacKeyMetadata of Cloud Storage and returns its project.
func HMACKey(raw []byte) (k object.HMACKey, project string, err error) {
	var v struct {
		AccessID, ServiceAccountEmail, State, ProjectID string
		TimeCreated, Updated                            Moment
	}
	err = read(raw, &v)
	return object.HMACKey{AccessID: v.AccessID, Account: v.ServiceAccountEmail, State: v.State, CreatedAt: v.TimeCreated.Time, UpdatedAt: v.Updated.Time}, v.ProjectID, err
}

// An Activity is what Policy Analyzer tells of one account or key.
type Activity struct {
	Type    string // serviceAccountLastAuthentication, serviceAccountKeyLastAuthentication
	Project string // id or number
	Account string // address or unique id
	Key     string // id; empty for an account
	// Last is when it last authenticated; zero if it did not from From till Till.
	Last, From, Till Moment
	Used             inventory.Tri
}

// ReadActivity converts an Activity of Policy Analyzer.
func ReadActivity(raw []byte) (Activity, error) {
	var v struct {
		ActivityType, FullResourceName string
		ObservationPeriod              struct{ StartTime, EndTime Moment }
		Activity                       json.RawMessage
	}
	err := read(raw, &v)
	var x struct {
		LastAuthenticatedTime Moment
		ServiceAccount        struct{ ProjectNumber, FullResourceName string }
		ServiceAccountKey     struct{ ProjectNumber, FullResourceName string }
	}
	if present(v.Activity) {
		err = cmp.Or(err, read(v.Activity, &x))
	}
	name := cmp.Or(v.FullResourceName, x.ServiceAccountKey.FullResourceName, x.ServiceAccount.FullResourceName)
	a := Activity{
		Type: v.ActivityType, Project: cmp.Or(known(Part(name, "projects")), x.ServiceAccount.ProjectNumber, x.ServiceAccountKey.ProjectNumber),
		Account: Part(name, "serviceAccounts"), Key: Part(name, "keys"), Last: x.LastAuthenticatedTime, From: v.ObservationPeriod.StartTime, Till: v.ObservationPeriod.EndTime,
	}
	switch {
	case !a.Last.IsZero():
		a.Used = inventory.True
	case !a.From.IsZero():
		a.Used = inventory.False
	}
	return a, err
}
