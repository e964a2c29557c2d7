package audit

import (
	"bytes"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// product returns the first word of a user agent without its version:
// "kubectl/v1.36.3 (linux/amd64)" is kubectl. At most 64 bytes.
func product(agent []byte) []byte {
	if at := bytes.IndexAny(agent, "/ ("); at >= 0 {
		agent = agent[:at]
	}
	return agent[:min(len(agent), 64)]
}

// classOf tells the class of a product.
func classOf(product string) Class {
	switch product {
	case "":
		return ""
	case "Mozilla":
		return ClassBrowser
	}
	if slices.Contains([]string{
		"kubectl", "oc", "k9s", "stern", "helm", "kubectx", "kubens", "kubelogin", "flux", "argocd", "istioctl", "cmctl",
		"Lens", "OpenLens", "freelens", "headlamp", "kubeadm", "cilium", "calicoctl", "virtctl", "kustomize", "krew",
	}, product) {
		return ClassCLI
	}
	return ClassProgram
}

// printable makes text of the log safe to print.
func printable(text []byte) string { return inventory.Printable(string(text)) }
