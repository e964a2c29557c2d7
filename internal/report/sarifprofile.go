package report

import (
	"fmt"
	"slices"
	"strings"
)

// A sarifProfile is what one consumer of SARIF takes. A limit of 0 is none.
type sarifProfile struct {
	Name         string
	MaxRuns      int  // scopes beyond it share the last run
	MaxResults   int  // of one run
	MaxTotal     int  // results of the file
	MaxBytes     int  // of the file
	Compressed   bool // MaxBytes counts what gzip leaves of it
	MaxText      int  // characters of a description or a message
	MaxTags      int  // of a rule
	MaxLocations int  // of a result
	Suppressions bool // excepted findings are written, as suppressed; else they are left out
	Baseline     bool // write baselineState and rank
	Azure        bool // write what Azure DevOps asks for
	Secrets      string
}

// roomToSpare is how much of a byte limit is not used: the frame of the file
// and the difference between the estimate and the file must fit in.
const roomToSpare = 0.9

// sarifProfiles returns the profiles. Sources: OASIS SARIF 2.1.0 for generic;
// GitHub, "SARIF support for code scanning" (25,000 results are accepted and
// the 5,000 most severe kept, so no more are written); GitLab, "SARIF report
// ingestion" (19.2); Azure DevOps, rules ADO of sarif-multitool; DefectDojo's
// SARIF parser.
func sarifProfiles() []sarifProfile {
	return []sarifProfile{
		{
			Name: "generic", MaxText: 4096, MaxLocations: 1000,
			Suppressions: true, Baseline: true, Secrets: "external/cwe/cwe-798",
		},
		{
			Name: "github", MaxRuns: 20, MaxResults: 5000, MaxBytes: 10_000_000, Compressed: true,
			MaxText: 1024, MaxTags: 10, MaxLocations: 100, Secrets: "external/cwe/cwe-798",
		},
		{
			Name: "gitlab", MaxRuns: 20, MaxTotal: 5000, MaxBytes: 10_000_000,
			MaxText: 2048, MaxTags: 10, MaxLocations: 100, Secrets: "cwe-798",
		},
		{
			Name: "azdo", MaxRuns: 1, MaxResults: 5000, MaxBytes: 10_000_000, Compressed: true,
			MaxText: 1024, MaxTags: 10, MaxLocations: 100, Azure: true, Secrets: "external/cwe/cwe-798",
		},
		{
			Name: "defectdojo", MaxRuns: 1, MaxText: 4096, MaxLocations: 100, Secrets: "external/cwe/cwe-798",
		},
	}
}

// SARIFProfiles returns the names that Options.SARIFProfile can have.
func SARIFProfiles() []string {
	var names []string
	for _, p := range sarifProfiles() {
		names = append(names, p.Name)
	}
	return names
}

// sarifProfileOf returns the profile of that name; empty is generic.
func sarifProfileOf(name string) (sarifProfile, error) {
	profiles := sarifProfiles()
	if name == "" {
		return profiles[0], nil
	}
	i := slices.IndexFunc(profiles, func(p sarifProfile) bool { return p.Name == name })
	if i >= 0 {
		return profiles[i], nil
	}
	list := strings.Join(SARIFProfiles(), ", ")
	if near := nearest(strings.ToLower(name), SARIFProfiles()); near != "" {
		return sarifProfile{}, fmt.Errorf("unknown SARIF profile %q: did you mean %q? (profiles: %s)", name, near, list)
	}
	return sarifProfile{}, fmt.Errorf("unknown SARIF profile %q (profiles: %s)", name, list)
}
