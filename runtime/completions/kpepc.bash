# bash completion of kpepc: see that of kpep, beside this file.
. "${BASH_SOURCE[0]%kpepc*}kpep${BASH_SOURCE[0]##*kpepc}"
