package declared

type module struct{}

func parseTerraform(*output)  {}
func finishTerraform(*output) {}
