package report

import (
	"cmp"
	"slices"
	"strings"
)

// frameworkOrder lists the frameworks that readers ask for first.
func frameworkOrder() []string {
	return []string{"iso27001_2022", "soc2", "owasp_nhi_2025", "nist_csf_2_0", "muster"}
}

// compareFrameworks orders framework ids: those of frameworkOrder first, the
// others by id.
func compareFrameworks(x, y string) int {
	order := frameworkOrder()
	place := func(id string) int {
		if i := slices.Index(order, id); i >= 0 {
			return i
		}
		return len(order)
	}
	return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x, y))
}

// frameworkTitle returns what people call a framework; one that is not known
// keeps its id.
func frameworkTitle(id string) string {
	switch id {
	case "muster":
		return "muster control library"
	case "iso27001_2022":
		return "ISO/IEC 27001:2022"
	case "soc2":
		return "SOC 2"
	case "owasp_nhi_2025":
		return "OWASP NHI Top 10 2025"
	case "owasp_agentic_2026":
		return "OWASP Agentic Top 10 2026"
	case "nist_csf_2_0":
		return "NIST CSF 2.0"
	case "nist_800_53r5":
		return "NIST SP 800-53 Rev. 5"
	case "pci_dss_4_0_1":
		return "PCI DSS 4.0.1"
	case "cis_controls_8_1":
		return "CIS Controls 8.1"
	case "nis2_2024_2690":
		return "NIS2 (2024/2690)"
	case "dora":
		return "DORA"
	default:
		return benchmarkTitle(id)
	}
}

// benchmarkTitle turns cis_aws_5_0_0 into "CIS AWS 5.0.0".
func benchmarkTitle(id string) string {
	parts := strings.SplitN(id, "_", 3)
	if len(parts) != 3 || parts[0] != "cis" {
		return id
	}
	platform := map[string]string{
		"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure", "kubernetes": "Kubernetes", "github": "GitHub",
	}[parts[1]]
	if platform == "" {
		return id
	}
	return "CIS " + platform + " " + strings.ReplaceAll(parts[2], "_", ".")
}
